import os
import signal
from pathlib import Path

from tests.make.common import SAMPLE, make, stage, start, worked
from tests.processes import wait_for


def test_prune_keeps_results_of_a_running_stage(project: Path) -> None:
    with start(project, "make", "train", *SAMPLE, "EPOCHS=150") as training:
        wait_for("epoch 2 ", training.stderr)
        os.killpg(training.pid, signal.SIGSTOP)
        try:
            assert stage(project, "normalize", "--validation", "100").returncode == 0  # unpublish its input
            result = stage(project, "prune", "--keep", "1")
        finally:
            os.killpg(training.pid, signal.SIGCONT)
        rest = training.communicate()[1]
    assert result.stdout.count("in use, kept") == 2
    assert training.returncode == 0, rest
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=150")) == []
