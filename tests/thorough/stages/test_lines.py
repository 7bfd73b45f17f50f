"""Commands that yield lines: buffering, failures, closed pipes, progress bars."""

import os
import subprocess
import sys

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
        logging.getLogger("stages").info("cleaned up")

def bar():
    with tqdm(total=3, leave=False, disable=None) as bar:
        for line in count():
            yield line
            bar.update()

sys.exit(run({{"all": [count, bar]}}, sys.argv[1:]))
"""


def counting(end: str = "pass") -> list[str]:
    """Return a program whose commands `count` and `bar` yield three lines and then run `end`."""
    return [sys.executable, "-c", COUNTING.format(end=end)]


def test_lines_are_printed_immediately() -> None:
    ending = "sys.stdin.readline()"
    command = [*counting(ending), "count"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == ["line 0\n", "line 1\n", "line 2\n"]
        assert process.poll() is None  # it waits for input
        rest, errors = process.communicate("continue\n", timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "cleaned up\n")


@pytest.mark.parametrize(
    ("end", "status", "message"),
    [
        ("raise PipelineError('the fourth line failed')", 1, "the fourth line failed"),
        ("open('/missing')", 1, "No such file or directory: /missing"),
        ("raise KeyboardInterrupt", 130, "interrupted"),
    ],
)
def test_lines_before_a_failure_are_kept(end: str, status: int, message: str) -> None:
    result = subprocess.run([*counting(end), "count"], env=environment(), capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (status, "line 0\nline 1\nline 2\n")
    cleanup, line = result.stderr.splitlines()
    assert cleanup == "cleaned up"
    assert line.startswith("handwriting count: ") and message in line


@pytest.mark.parametrize("command", ["count", "bar"])
def test_closed_pipe_ends_the_command(command: str) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as closed:
        line = [*counting("raise PipelineError('unreachable')"), command]
        result = subprocess.run(line, env=environment(), stdout=closed, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (0, "cleaned up\n")


def test_lines_and_bar_share_a_terminal() -> None:
    shown = show([*counting(), "bar"])
    assert "| 1/3" in shown.raw
    assert shown.lines == ["line 0", "line 1", "line 2", "cleaned up"]
