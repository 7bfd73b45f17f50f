"""Changes while a stage runs, and concurrent runs."""

import os
import signal
from pathlib import Path

from tests.make.common import (
    SAMPLE,
    STAGES,
    copy,
    digests,
    make,
    start,
    worked,
)
from tests.processes import wait_for


def test_parallel_make_builds_the_same(fresh: Path, made: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    assert set(worked(make(project, "-j2", "all", *SAMPLE))) == set(STAGES)
    assert digests(project) == digests(made)


def test_second_make_waits_and_finds_results_up_to_date(project: Path) -> None:
    arguments = ["train", *SAMPLE, "EPOCHS=100"]
    with start(project, "make", *arguments) as first:
        wait_for("epoch 2 ", first.stderr)
        os.killpg(first.pid, signal.SIGSTOP)
        with start(project, "make", *arguments) as second:
            try:
                wait_for("which is running this stage", second.stderr)
            finally:
                os.killpg(first.pid, signal.SIGCONT)
            stdout, stderr = second.communicate()
        first.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert "epoch" not in stderr
    assert "up to date: nothing relevant has changed -> artifacts/train" in stdout
    assert make(project, "-q", *arguments).returncode == 0


def test_two_concurrent_makes_from_scratch_succeed(fresh: Path, made: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    with start(project, "make", "all", *SAMPLE) as first, start(project, "make", "all", *SAMPLE) as second:
        outputs = [process.communicate() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert digests(project) == digests(made)
    assert sum(stdout.count("validation accuracy") for stdout, _ in outputs) == 1
