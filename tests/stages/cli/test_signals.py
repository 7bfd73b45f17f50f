"""Ctrl-C during training keeps a checkpoint. tests/thorough interrupts at other times."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.processes import Run, environment, reset_signals, wait_for
from tests.stages.common import assert_stopped, snapshot


def test_interrupted_training_resumes_to_same_bits(run: Run, project: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "stages.cli.main",
        "train",
        "--recipe",
        "quick",
        "--epochs",
        "40",
        "--layers",
        "16",
    ]
    process = subprocess.Popen(
        command, cwd=project, env=environment(), text=True, stderr=subprocess.PIPE, preexec_fn=reset_signals
    )
    wait_for("epoch 1 ", process.stderr)
    process.send_signal(signal.SIGINT)
    assert_stopped(process, "train")
    resumed = run(*command[3:])
    assert "train: resuming after epoch " in resumed.stderr
    actual = snapshot(project / "artifacts")
    assert run(*command[3:], "--force").returncode == 0
    expected = snapshot(project / "artifacts")
    weights = [name for name in expected if name.startswith("train/layer-")]
    assert {name: actual[name] for name in weights} == {name: expected[name] for name in weights}
