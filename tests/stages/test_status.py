"""`status`: its states and its layout. tests/thorough/make compares them with what make does."""

import json
from pathlib import Path

import pytest

from tests.processes import Run
from tests.stages.common import STAGES

SAMPLE = ("--assume", "download --dataset sample")


@pytest.mark.parametrize("options", [[], ["--explain"], ["--runs"]])
def test_in_an_empty_folder_no_stage_is_made_yet(options: list[str], call: Run) -> None:
    lines = call("status", *options).stdout.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == list(STAGES)
    assert all(line[11:25] == "not made yet  " and line[25:] for line in heads)
    assert not any("because of" in line for line in lines)
    assert {facts["state"] for facts in json.loads(call("status", "--json").stdout).values()} == {"stale"}


def test_stage_without_result_is_not_made_yet_unless_its_options_are_wrong(call: Run, project: Path) -> None:
    (project / "artifacts/report").unlink()
    (project / "artifacts/train").unlink()
    lines = call(
        "status", *SAMPLE, "--assume", "train --seed 5", "--assume", "report --artifacts ."
    ).stdout.splitlines()
    states = {line.split()[0]: line[11:25].strip() for line in lines if not line.startswith(" ")}
    assert (states["parse"], states["train"], states["report"]) == ("up to date", "not made yet", "not made yet")
    wrong = call("status", *SAMPLE, "--assume", "train --epochs 0").stdout
    assert "epochs must be at least 1, not 0" in wrong


@pytest.mark.parametrize("columns", ["40", "60", "100", "200", ""])
def test_lines_are_wrapped_with_an_indent(
    columns: str, call: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    options = ["--explain", "--runs", *SAMPLE, "--assume", "train --recipe quick --layers conv16x5/2,conv64x5/2,128,96"]
    lines = call("status", *options).stdout.splitlines()
    assert max(map(len, lines)) <= int(columns or 100)
    assert all(line.startswith((*STAGES, " " * 8)) for line in lines)
    words = " ".join(" ".join(lines).split())
    assert "60,000" not in words
    assert "2,000 training and 500 test images of 28 x 28 pixels, 10 classes" in words
