"""Run the scripts of the pages that need no document, by Node."""

import atexit
import functools
import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from pipeline.desk.review_data import list_constants
from pipeline.html.rendering import TEMPLATES

MAIN = "html/lesson/page/main.js"  # it needs the document; the others touch it only when they are called
TEMPLATE = (TEMPLATES / "html/lesson/lesson.html").read_text(encoding="utf-8")
LESSON = tuple(name for name in re.findall(r'{% include "(.+?[.]js)" %}', TEMPLATE) if name != MAIN)
LOGIC = ("arithmetic", "boxes", "numbers", "lines", "questions", "digits", "table")
REVIEW = (*(f"desk/review/logic/{name}.js" for name in LOGIC), "desk/review/form/fields.js")
# The first line is the code, compiled once; each other line is a call, with globals of its own.
RUN = """
const { createContext, Script } = require("vm");
let scripts;
const run = async ({ call, values }) => {
  const context = createContext({ atob, btoa, text: JSON.stringify(values) });
  scripts.runInContext(context);
  return { result: await new Script(`(${call})(...JSON.parse(text))`).runInContext(context) };
};
require("readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  if (!scripts) return void (scripts = new Script(JSON.parse(line)));
  let answer;
  try { answer = await run(JSON.parse(line)); } catch (error) { answer = { error: String(error.stack) }; }
  process.stdout.write(`${JSON.stringify(answer)}\\n`);
});
"""


@functools.cache
def _start(scripts: tuple[str, ...]) -> subprocess.Popen[str]:
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node is not installed")
    pipe = subprocess.PIPE
    process = subprocess.Popen([program, "-e", RUN], stdin=pipe, stdout=pipe, text=True)
    atexit.register(process.communicate)  # closes its input, which ends it
    code = f'"use strict";\nconst KNOWN = {json.dumps(list_constants())};\n' + "\n".join(
        (TEMPLATES / name).read_text(encoding="utf-8") for name in scripts
    )
    print(json.dumps(code), file=process.stdin)
    return process


def evaluate(call: str, *values: Any, scripts: tuple[str, ...] = LESSON) -> Any:
    """Return what a function returns for JSON values, with the functions of these scripts in scope."""
    process = _start(scripts)
    assert process.stdout is not None
    try:
        print(json.dumps({"call": call, "values": values}), file=process.stdin, flush=True)
        answer = json.loads(process.stdout.readline())
    except BaseException:  # no later call may get this answer
        process.kill()
        _start.cache_clear()
        raise
    assert "error" not in answer, answer["error"]
    return answer["result"]
