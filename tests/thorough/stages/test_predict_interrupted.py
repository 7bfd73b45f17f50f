"""Interrupted runs of `predict` resume without repeated work."""

import itertools
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.processes import Run
from tests.stages.common import assert_one_line, assert_stopped, start, wait_for_more
from tests.stages.predicting import LONG, MANY, RAW, file_names, journal


def test_killed_run_resumes_without_repeats_to_same_bytes(run: Run, project: Path, many: np.ndarray) -> None:
    labels = np.load(project / "artifacts/evaluate/predictions.npy")
    (project / "predictions.npy").write_bytes(b"from before")
    generator = random.Random(3)
    for scheduler in ("processes", "sync", "threads", "processes", "sync"):
        before = journal(project)
        process = start(project, *LONG, "--scheduler", scheduler, "--block-size", str(generator.randint(4, 18)))
        goal = generator.randint(1, 30)
        wait_for_more(lambda: journal(project), than=len(before) + goal)
        time.sleep(generator.uniform(0, 0.01))
        process.kill()
        stderr = process.communicate()[1]
        done = sum(stop - start for start, stop in before)
        assert (f"predict: resuming after {done:,} of {MANY:,} images\n" in stderr) == (done > 0)
        after = sorted(journal(project))
        assert all(stop <= begin for (_, stop), (begin, _) in itertools.pairwise(after))  # nothing twice
        assert (project / "predictions.npy").read_bytes() == b"from before"
    result = run(*LONG, "--block-size", "5000")
    assert result.returncode == 0, result.stderr
    assert "resuming after" in result.stderr
    assert np.load(project / "predictions.npy").tobytes() == np.resize(labels, MANY).tobytes()
    assert file_names(project) == {"artifacts", "many.npy", "predictions.npy"}


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
