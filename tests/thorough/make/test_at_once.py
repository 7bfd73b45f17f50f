"""Changes while a stage runs, and concurrent runs."""

import os
import signal
from pathlib import Path

from tests.make.common import (
    SAMPLE,
    STAGES,
    by_hand,
    copy,
    digests,
    edit,
    make,
    manifest,
    outcome,
    stage,
    start,
    worked,
)
from tests.processes import wait_for


def test_code_edit_during_a_stage_is_detected(project: Path) -> None:
    arguments = ["train", *SAMPLE, "EPOCHS=60"]
    make(project, *arguments)
    before = digests(project)
    assert "up to date" not in stage(project, "train", "--recipe", "quick").stdout
    source = project / "pipeline/network/optimizers.py"
    with start(project, *by_hand("train", "--recipe", "quick", "--epochs", "60", "--force")) as running:
        wait_for("epoch 3 ", running.stderr)
        edit(source, "beta2: float = 0.999", "beta2: float = 0.900")
        running.communicate()
    assert running.returncode == 0
    assert digests(project) == before  # the loaded code ran, not the edited one
    assert make(project, "-q", *arguments).returncode == 1
    assert worked(make(project, *arguments)) == ["train"]
    assert digests(project) != before
    edit(source, "beta2: float = 0.900", "beta2: float = 0.999")
    assert outcome(make(project, *arguments)) == {"train": "restored"}
    assert digests(project) == before


def test_waiting_manual_run_does_not_replace_the_run_of_make(project: Path) -> None:
    make(project, "train", *SAMPLE, "EPOCHS=2")
    command = ["make", "train", *SAMPLE, "EPOCHS=60"]
    with start(project, *command) as running:
        wait_for("epoch 2 ", running.stderr)
        assert stage(project, "train", "--recipe", "quick").stdout.startswith("restored")
        running.communicate()
    make(project, *command[1:])
    assert manifest(project, "train")["parameters"]["epochs"] == 60  # type: ignore[comparison-overlap]


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
