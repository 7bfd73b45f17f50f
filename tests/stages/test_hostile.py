"""Malicious artifacts, options and names are refused in one line and never executed."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.engine.artifacts import read_manifest, write_manifest
from tests.processes import Run

pytestmark = pytest.mark.slow

HOSTILE = "\x1b]0;pwned\x07 \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041 <script>alert(1)</script>\nsecond line"


def assert_harmless(result: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in result.stderr
    for line in (result.stdout + result.stderr).split("\n"):
        assert line.isprintable(), line


@pytest.fixture
def hostile_project(project: Path) -> Path:
    for stage in ("train", "evaluate"):
        folder = (project / "artifacts" / stage).resolve()
        manifest = read_manifest(folder)
        made = manifest.provenance
        made = replace(
            made,
            parameters={**made.parameters, "recipe": HOSTILE, HOSTILE: [HOSTILE]},
            inputs={**made.inputs, HOSTILE: HOSTILE},
            code={**made.code, HOSTILE: HOSTILE},
            environment={**made.environment, HOSTILE: HOSTILE},
        )
        write_manifest(folder, replace(manifest, summary=HOSTILE, provenance=made))
    return project


def test_manifest_contents_are_escaped_and_json_preserves_them(run: Run, hostile_project: Path) -> None:
    as_text, as_json = run("status", "--explain"), run("runs", "--json")
    for result in (as_text, as_json, run("runs"), run("train", "--recipe", "quick"), run("evaluate"), run("report")):
        assert_harmless(result)
    escaped = r"\x1b]0;pwned\x07 \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041 <script>alert(1)</script>\nsecond line"
    assert " ".join(as_text.stdout.split()).count(f": {escaped} ") >= 2
    (training,) = json.loads(as_json.stdout)
    assert training["summary"] == HOSTILE
    assert training["parameters"][HOSTILE] == [HOSTILE]


@pytest.mark.parametrize("name", ["\x1b[31m\n\x9b"])
def test_folder_names_are_escaped(name: str, run: Run, project: Path) -> None:
    for arguments in (
        ("parse", "--output", str(project / name / "parse")),
        ("train", "--normalize", name),
        ("classify", name),
        (name,),
        ("train", f"--{name}"),
        ("train", "--recipe", name),
        ("status", f"EPOCHS={name}"),
    ):
        assert_harmless(run(*arguments))
