"""Commands that yield lines: buffering, failures, closed pipes."""

import os
import subprocess
import sys

import pytest

from tests.processes import environment

COUNTING = """
import logging, os, sys
from pipeline.engine.errors import PipelineError
from stages.cli.console import run

def count():
    try:
        yield from (f"line {{number}}" for number in range(3))
        {end}
    finally:
        logging.getLogger("stages").info("cleaned up")

sys.exit(run({{"all": [count]}}, sys.argv[1:]))
"""


def counting(end: str = "pass") -> list[str]:
    """Return a program whose command `count` yields three lines and then runs `end`."""
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


def test_closed_pipe_ends_the_command() -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as closed:
        line = [*counting("raise PipelineError('unreachable')"), "count"]
        result = subprocess.run(line, env=environment(), stdout=closed, stderr=subprocess.PIPE, text=True)
    assert (result.returncode, result.stderr) == (0, "cleaned up\n")
