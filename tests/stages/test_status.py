"""`status`: its states and its layout. tests/thorough/make compares them with what make does."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.processes import Run
from tests.stages.common import STAGES, assert_one_line

SAMPLE = ("--assume", "download --dataset sample")


@pytest.mark.parametrize("options", [[], ["--explain"]])
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
    forced = call("status", *SAMPLE, "--assume", "train --seed 5 --force").stdout
    assert re.search("train +not made yet", forced)
    wrong = call("status", *SAMPLE, "--assume", "train --epochs 0").stdout
    assert "epochs must be at least 1, not 0" in wrong


@pytest.mark.parametrize(
    ("assumed", "words"),
    [
        ("trian --epochs 3", "there is no stage 'trian': choose one of download,"),
        ("train --epoch 3", "No such option"),
        ("train --help", "No such option"),
        ("train --epochs x", "--epochs must be a whole number, not 'x'"),
        ("train 'x", "No closing quotation"),
    ],
)
def test_invalid_assume_is_wrong_usage(assumed: str, words: str, call: Run) -> None:
    assert_one_line(call("status", "--assume", assumed), 2, words)


def test_stale_with_a_wrong_value_is_wrong_usage(call: Run) -> None:
    assert_one_line(call("status", "--stale", "--assume", "train --epochs 0"), 2, "train: epochs must be at least 1")


@pytest.mark.parametrize("columns", ["60", "200", ""])
def test_lines_are_wrapped_with_an_indent(
    columns: str, call: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    options = ["--explain", *SAMPLE, "--assume", "train --recipe quick --layers conv16x5/2,conv64x5/2,128,96"]
    lines = call("status", *options).stdout.splitlines()
    assert max(map(len, lines)) <= int(columns or 100)
    assert all(line.startswith((*STAGES, " " * 24)) for line in lines)
    words = " ".join(" ".join(lines).split())
    assert "60,000" not in words
    assert "2,000 training and 500 test images of 28 x 28 pixels, 10 classes" in words


STALE = (*SAMPLE, "--assume", "train --recipe quick --epochs 1")


def test_tree_has_a_line_for_each_stage_with_its_state(call: Run, project: Path) -> None:
    (project / "artifacts/report").unlink()
    for entry in (project / "artifacts/.store").glob("report-*"):
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    lines = call("status", "--graph", "text", *STALE).stdout.splitlines()
    found = [re.match(r"[│├└─ ]*(\w+)  +(up to date|in the store|stale|waiting|not made yet)", line) for line in lines]
    states = {each[1]: each[2] for each in found if each}
    assert list(states) == list(STAGES)
    assert (states["normalize"], states["train"], states["evaluate"]) == ("up to date", "stale", "waiting")
    assert states["report"] == "not made yet"
    assert [line.index(stage) // 4 for line, stage in zip(lines, STAGES, strict=True)] == [0, 1, 2, 3, 4, 5, 5]
    assert lines[-1].endswith("also reads parse, normalize, train")
    assert "\n".join(lines).count("also reads") == 4


def test_stage_with_reasons_of_its_own_is_stale_and_not_waiting(call: Run, project: Path) -> None:
    result = call("status", "--json", "--assume", "normalize --validation 100", *STALE)
    states = {stage: each["state"] for stage, each in json.loads(result.stdout).items()}
    assert (states["normalize"], states["train"], states["evaluate"]) == ("stale", "stale", "waiting")


def test_flowchart_has_the_states_as_classes(call: Run, project: Path) -> None:
    lines = call("status", "--graph", "mermaid", *STALE).stdout.splitlines()
    assert lines[0].startswith("flowchart ")
    classes = dict(re.findall(r'\["(\w+): [\w ]+"\]:::(\w+)', "\n".join(lines)))
    assert classes == {
        **dict.fromkeys(("download", "parse", "normalize"), "fresh"),
        "train": "stale",
        **dict.fromkeys(("evaluate", "export", "report"), "waiting"),
    }
    assert sum(" --> " in line for line in lines) == 13  # inputs of all stages
    assert len({line.split()[1] for line in lines if "classDef" in line}) == 3
