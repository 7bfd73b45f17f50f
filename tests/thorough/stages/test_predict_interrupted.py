"""Interrupted runs of `predict` resume without repeated work."""

import signal
from pathlib import Path

import numpy as np
import pytest

from tests.processes import Run
from tests.stages.common import assert_one_line, assert_stopped, start, wait_for_more
from tests.stages.predicting import LONG, MANY, RAW, file_names, journal


@pytest.mark.parametrize(("scheduler", "kind"), [("threads", signal.SIGTERM), ("processes", signal.SIGINT)])
def test_stopped_run_reports_how_to_resume(
    scheduler: str, kind: signal.Signals, project: Path, many: np.ndarray
) -> None:
    process = start(project, *LONG, "--scheduler", scheduler)
    wait_for_more(lambda: journal(project), than=3)
    process.send_signal(kind)
    assert len(assert_stopped(process, "predict")) == 1  # the model
    assert file_names(project) == {"artifacts", "many.npy", ".predictions.npy.partial"}


def test_second_process_cannot_write_the_same_output(run: Run, project: Path, many: np.ndarray) -> None:
    first = start(project, *LONG)
    wait_for_more(lambda: journal(project), than=3)
    first.send_signal(signal.SIGSTOP)
    try:
        result = run("predict", RAW)
        other = run("predict", RAW, "--output", "other.npy")
    finally:
        first.send_signal(signal.SIGCONT)
    assert_one_line(result, 1, "another process is writing predictions.npy: wait for it, or choose another output")
    assert other.returncode == 0
    _, stderr = first.communicate()
    assert first.returncode == 0, stderr
    assert len(np.load(project / "predictions.npy")) == MANY
