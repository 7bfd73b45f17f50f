"""Ctrl-C during training keeps a checkpoint. tests/faults interrupts at other times."""

import signal
from pathlib import Path

import pytest

from tests.processes import Run, wait_for
from tests.stages.common import start


@pytest.mark.slow
def test_interrupted_training_keeps_its_progress(run: Run, project: Path) -> None:
    line = ["train", "--recipe", "quick", "--epochs", "40", "--layers", "16"]
    process = start(project, *line)
    wait_for("epoch 1 ", process.stderr)
    process.send_signal(signal.SIGINT)
    *_, kept, last = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 130
    assert kept == "train: progress is kept: run the same command again to resume"
    assert last == "train: interrupted. Published results are unchanged"
    resumed = run(*line)
    assert (resumed.returncode, "train: resuming after epoch " in resumed.stderr) == (0, True)
