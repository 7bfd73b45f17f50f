"""Ctrl-C during training keeps a checkpoint. tests/thorough interrupts at other times."""

import signal
from pathlib import Path

from tests.processes import Run, wait_for
from tests.stages.common import assert_stopped, snapshot, start


def test_interrupted_training_resumes_to_same_bits(run: Run, project: Path) -> None:
    line = ["train", "--recipe", "quick", "--epochs", "40", "--layers", "16"]
    process = start(project, *line)
    wait_for("epoch 1 ", process.stderr)
    process.send_signal(signal.SIGINT)
    assert_stopped(process, "train")
    resumed = run(*line)
    assert "train: resuming after epoch " in resumed.stderr
    actual = snapshot(project / "artifacts")
    assert run(*line, "--force").returncode == 0
    expected = snapshot(project / "artifacts")
    weights = [name for name in expected if name.startswith("train/layer-")]
    assert {name: actual[name] for name in weights} == {name: expected[name] for name in weights}
