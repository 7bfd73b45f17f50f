"""Progress bars."""

import subprocess
import sys
import time
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

sys.exit(run({"all": [count]}, ["count"]))
"""


@pytest.mark.parametrize(("interval", "lines"), [(0.1, True), (30, False)])
def test_progress_without_terminal_is_logged_at_intervals(
    interval: float, lines: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stages.cli.options.LOG_INTERVAL", interval)
    with progress("predict", 50_000, done=10_000) as advance:
        for _ in range(5):
            time.sleep(0.06)
            advance(4_100)
    shown = capsys.readouterr().err
    assert ("predict:" in shown and "/50.0k [" in shown) == lines
    assert bool(shown) == lines


def test_bar_on_a_terminal_is_removed_at_the_end(tmp_path: Path) -> None:
    shown = show([sys.executable, "-c", BLOCKS], tmp_path)
    assert shown.status == 0
    assert "/12.0k [" in shown.raw
    assert "k images/s]" in shown.raw
    assert shown.lines == ["count: nearly done", "done"]


def test_stage_runs_with_closed_stderr(project: Path) -> None:
    line = ["evaluate", "--force", "--scheduler", "processes", "--workers", "2"]
    command = ["sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable, "-m", "stages.cli.main", *line]
    result = subprocess.run(command, cwd=project, env=environment(), stdout=subprocess.PIPE, text=True)
    assert result.returncode == 0
    assert result.stdout.startswith("test accuracy")
