"""Run the scripts of the drawing demo that need no page, by Node."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from pipeline.html.rendering import TEMPLATES

SCRIPTS = (
    *("patches", "layers", "network", "prepare", "strokes", "segment", "reading", "result", "explain", "learn"),
    *("detail", "why", "nudge", "link"),
)
RUN = """
const { code, call, values } = JSON.parse(require("fs").readFileSync(0));
const { runInThisContext } = require("vm");
runInThisContext(code);
process.stdout.write(JSON.stringify(runInThisContext(`(${call})`)(...values)));
"""


def evaluate(call: str, *values: Any) -> Any:
    """Return what a function returns for JSON values, with the functions of the page in scope."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node is not installed")
    code = '"use strict";\n' + "\n".join((TEMPLATES / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    text = json.dumps({"code": code, "call": call, "values": values})
    ran = subprocess.run([program, "-e", RUN], input=text, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
