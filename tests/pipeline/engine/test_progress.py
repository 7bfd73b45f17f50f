"""Progress on a terminal and elsewhere."""

import logging
import re
import sys
from pathlib import Path

import pytest
from rich.progress import Progress as Bar

from pipeline.engine.progress import Progress, progress
from tests.processes import capture
from tests.terminal import show

BLOCKS = """
import logging, sys, time
from pipeline.engine.progress import Progress, progress
from pipeline.engine.program import run_command

def count():
    '''Count.'''
    with progress("count", 12_000, "images", 2_000) as shown:
        for block in range(10):
            time.sleep(0.1)
            shown.advance(1_000)
            if block == 5:
                shown.report("step 1 of 2", "step 2/2", "99%")
            if block == 7:
                logging.getLogger("stages").info("count: nearly done")
                print("a result", flush=True)
    return "done"

sys.exit(run_command("count", count))
"""


@pytest.mark.parametrize("interval", [0, 30])
def test_without_terminal_the_count_is_logged_at_intervals(
    interval: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pipeline.engine.progress.LOG_INTERVAL", interval)
    caplog.set_level(logging.INFO)
    with progress("predict", 50_000, "images", done=10_000) as shown:
        for _ in range(2):
            shown.advance(4_100)
    lines = ["predict: 14,100/50,000 images", "predict: 18,200/50,000 images"]
    assert caplog.messages == ([] if interval else lines)


def test_download_of_unknown_size_shows_megabytes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pipeline.engine.progress.LOG_INTERVAL", 0)
    caplog.set_level(logging.INFO)
    with progress("download", None, "bytes") as shown:
        shown.advance(1_234_567)
    assert caplog.messages == ["download: 1.2 MB"]


def test_what_earlier_runs_did_says_nothing_about_the_time_left() -> None:
    bar = Bar()
    shown = Progress("train", 100, 0, "images", bar)
    for _ in range(2):
        shown.advance(20, resumed=True)
    assert (bar.tasks[0].completed, bar.tasks[0].time_remaining) == (40, None)
    for _ in range(2):
        shown.advance(10)
    assert (bar.tasks[0].completed, bar.tasks[0].time_remaining is None) == (60, False)


def test_line_on_a_terminal_is_removed_at_the_end(tmp_path: Path) -> None:
    shown = show([sys.executable, "-c", BLOCKS], tmp_path)
    text = re.sub(r"\x1b\[[0-9]*m", "", shown.raw)
    assert shown.status == 0
    assert re.search(r"\.\. count +[2-9],000/12,000 images .*\d:\d\d", text)
    assert "99%" in text
    assert "step 1 of 2" not in text
    assert shown.lines == ["count: nearly done", "a result", "done"]


def test_output_without_a_terminal_has_no_bar(tmp_path: Path) -> None:
    result = capture([sys.executable, "-c", BLOCKS], cwd=tmp_path)
    assert result.stderr.splitlines() == ["count: step 1 of 2", "count: nearly done"]
    assert result.stdout.splitlines() == ["a result", "done"]
