"""Progress: a bar on a terminal, otherwise periodic log lines."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from stages.cli.options import progress
from tests.processes import environment
from tests.terminal import show

BLOCKS = """
import logging, sys, time
from stages.cli import options
from stages.cli.console import run

def count():
    '''Count.'''
    with options.progress("count", 12_000, 2_000) as advance:
        for block in range(10):
            time.sleep(0.1)
            advance(1_000)
            if block == 7:
                logging.getLogger("stages").info("count: nearly done")
    return "done"

options.LOG_INTERVAL = float(sys.argv[1])
sys.exit(run({"all": [count]}, ["count"]))
"""


def test_progress_is_logged_periodically_without_terminal(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr("stages.cli.options.time.monotonic", lambda: now)
    caplog.set_level(logging.INFO, "stages")
    with progress("predict", 50_000, done=10_000) as advance:
        for seconds in (10, 19, 2, 10, 40):
            now += seconds
            advance(4_100)
    assert caplog.messages == [
        "predict: 22,300 of 50,000 images, 397 images/s, 70 s left",
        "predict: 30,500 of 50,000 images, 253 images/s, 77 s left",
    ]


def test_short_run_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "stages")
    with progress("predict", 2) as advance:
        advance(1)
        advance(1)
    assert caplog.messages == []


def test_bar_on_a_terminal_is_removed_at_the_end(tmp_path: Path) -> None:
    shown = show([sys.executable, "-c", BLOCKS, "0"], tmp_path)
    assert shown.status == 0
    assert "/12.0k [" in shown.raw
    assert "k images/s]" in shown.raw
    assert " left" not in shown.raw  # no log lines in addition
    assert shown.lines == ["count: nearly done", "done"]


def test_stage_runs_with_closed_stderr(project: Path) -> None:
    line = ["evaluate", "--force", "--scheduler", "processes", "--workers", "2"]
    command = ["sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable, "-m", "stages.cli.main", *line]
    result = subprocess.run(command, cwd=project, env=environment(), stdout=subprocess.PIPE, text=True)
    assert result.returncode == 0
    assert result.stdout.startswith("test accuracy")
