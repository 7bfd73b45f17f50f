"""Progress on a terminal and elsewhere."""

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.scheduling.progress import BAR, Progress, progress
from tests.processes import environment
from tests.terminal import show

BLOCKS = """
import logging, sys, time
from pipeline.scheduling.progress import progress
from pipeline.engine.command import run_command

def count():
    '''Count.'''
    with progress("count", 12_000, 2_000) as shown:
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
    monkeypatch.setattr("pipeline.scheduling.progress.LOG_INTERVAL", interval)
    caplog.set_level(logging.INFO)
    with progress("predict", 50_000, done=10_000) as shown:
        for _ in range(2):
            shown.advance(4_100)
    lines = ["predict: 14,100/50,000 images", "predict: 18,200/50,000 images"]
    assert caplog.messages == ([] if interval else lines)


def test_line_has_a_bar_and_the_time_left_of_what_was_not_done_before() -> None:
    shown = Progress("train", 100, unit="")
    shown.advance(50, resumed=True)
    shown.report("epoch 5 of 10", "epoch 6/10", "99.36%")
    assert (
        shown.format(shown.started + 4) == f"train      epoch 6/10  [{'=' * (BAR // 2)}>{' ' * (BAR // 2 - 1)}]  99.36%"
    )
    shown.advance(10)
    assert shown.format(shown.started + 4).endswith("  99.36%  16 s left")
    shown.advance(40)
    assert f"[{'=' * BAR}]" in shown.format(shown.started + 4)


def test_download_of_unknown_size_shows_megabytes() -> None:
    shown = Progress("download", None)
    shown.advance(1_234_567)
    assert shown.format(0) == "download   1.2 MB"


def test_line_on_a_terminal_is_removed_at_the_end(tmp_path: Path) -> None:
    shown = show([sys.executable, "-c", BLOCKS], tmp_path)
    text = re.sub(r"\x1b\[[0-9]*m", "", shown.raw)
    assert shown.status == 0
    assert re.search(r"\.\. count      [2-9],000/12,000 images  \[=+> +]", text)
    assert "step 2/2" in text
    assert "step 1 of 2" not in text
    assert shown.lines == ["count: nearly done", "a result", "done"]


def test_output_without_a_terminal_has_no_bar(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", BLOCKS], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert result.stderr.splitlines() == ["count: step 1 of 2", "count: nearly done"]
    assert result.stdout.splitlines() == ["a result", "done"]
