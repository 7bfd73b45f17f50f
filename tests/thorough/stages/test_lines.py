"""Commands that say their lines as they come: who reads them, who does not, and what becomes of the bar."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import environment
from tests.terminal import show

COUNTING = """
import logging, os, sys
from pipeline.engine.errors import PipelineError
from stages.cli.console import run
from tqdm import tqdm

def count():
    try:
        yield from (f"line {{number}}" for number in range(3))
        {end}
    finally:
        logging.getLogger("stages").info("tidied up")

def bar():
    with tqdm(total=3, leave=False, disable=None) as bar:
        for line in count():
            yield line
            bar.update()

sys.exit(run({{"all": [count, bar]}}, sys.argv[1:]))
"""


def counting(end: str = "pass") -> list[str]:
    """A program whose commands `count` and `bar` say three lines one by one and then do `end`."""
    return [sys.executable, "-c", COUNTING.format(end=end)]


def test_a_command_may_say_its_lines_as_they_come() -> None:
    ending = "sys.stdin.readline()"
    command = [*counting(ending), "count"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == ["line 0\n", "line 1\n", "line 2\n"]
        assert process.poll() is None  # it is still at work, for it waits to be told
        rest, errors = process.communicate("go on\n", timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "tidied up\n")


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        ("raise PipelineError('the fourth is no number')", 1, "the fourth is no number"),
        ("open('/there/is/none')", 1, "No such file or directory: /there/is/none"),
        ("raise KeyboardInterrupt", 130, "interrupted"),
    ],
)
def test_a_command_that_fails_after_some_lines_keeps_them(end: str, status: int, said: str) -> None:
    result = subprocess.run([*counting(end), "count"], env=environment(), capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (status, "line 0\nline 1\nline 2\n")
    tidied, line = result.stderr.splitlines()
    assert tidied == "tidied up"
    assert line.startswith("handwriting count: ") and said in line


@pytest.mark.parametrize("command", ["count", "bar"])
def test_a_reader_that_has_seen_enough_ends_a_command_between_two_lines(command: str) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as nobody:
        line = [*counting("raise PipelineError('too far')"), command]
        result = subprocess.run(line, env=environment(), stdout=nobody, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (0, "tidied up\n")


def test_lines_and_the_bar_share_a_terminal() -> None:
    shown = show([*counting(), "bar"])
    assert "| 1/3" in shown.raw
    assert shown.lines == ["line 0", "line 1", "line 2", "tidied up"]


def test_the_epochs_and_the_bar_of_a_training_share_a_terminal(project: Path) -> None:
    command = [sys.executable, "-m", "stages.cli.main", "train", "--recipe", "quick", "--epochs", "2", "--layers", "16"]
    shown = show(command, cwd=project)
    assert "batch/s]" in shown.raw
    reason, first, *epochs, end = shown.lines
    assert reason.startswith("train: parameter") and first.startswith("train: 28x28-16-10")
    assert [line.partition(": loss")[0] for line in epochs[1:]] == [f"train: epoch {n} of 2" for n in (1, 2)]
    assert end.endswith("-> artifacts/train")
