"""Ctrl-C ends a training in one line and keeps what it has done; tests/thorough has it at every moment."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.processes import Run, environment, take_signals, wait_for
from tests.stages.common import assert_stopped, snapshot


def test_a_training_that_is_stopped_is_finished_by_the_same_command_to_the_same_bits(run: Run, project: Path) -> None:
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
        command, cwd=project, env=environment(), text=True, stderr=subprocess.PIPE, preexec_fn=take_signals
    )
    wait_for("epoch 3 ", process.stderr)
    process.send_signal(signal.SIGINT)
    assert_stopped(process, "train")
    resumed = run(*command[3:])
    assert "train: goes on after epoch " in resumed.stderr
    bits = snapshot(project / "artifacts")
    assert run(*command[3:], "--force").returncode == 0
    whole = snapshot(project / "artifacts")
    weights = [name for name in whole if name.startswith("train/layer-")]
    assert {name: bits[name] for name in weights} == {name: whole[name] for name in weights}
