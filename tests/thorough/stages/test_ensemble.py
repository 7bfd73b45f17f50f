"""Trained networks have the same bits on any number of threads, in other processes, and after these were killed."""

import itertools
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.processes import Run, environment, wait_for
from tests.stages.common import assert_stopped, model, partials, snapshot, start

LINE = ["train", "--recipe", "quick", "--ensemble-size", "3", "--epochs", "30", "--ema-decay", "0.9"]
PARALLEL = pytest.mark.parametrize("scheduler", ["threads", "processes"])


def test_killed_run_resumes_on_other_backends_to_bits_of_serial_run(run: Run, project: Path) -> None:
    assert run(*LINE).returncode == 0
    serial = model(project)
    shutil.rmtree((project / "artifacts/train").resolve())
    result = run(*LINE, "--scheduler", "processes", "--workers", "2")
    assert result.returncode == 0, result.stderr
    assert model(project) == serial
    for network, epoch in itertools.product(range(1, 4), range(1, 31)):
        assert f"train: network {network} of 3: epoch {epoch} of 30: loss " in result.stderr
    shutil.rmtree((project / "artifacts/train").resolve())
    generator = random.Random(7)
    for scheduler in ("processes", "threads", "processes", "sync"):
        process = start(project, *LINE, "--scheduler", scheduler, "--workers", "2")
        wait_for("epoch ", process.stderr)
        time.sleep(generator.uniform(0, 0.1))
        process.kill()
        process.communicate()
        assert partials(project, "train")
    result = run(*LINE, "--scheduler", "threads")
    assert result.returncode == 0, result.stderr
    assert "resuming after epoch " in result.stderr
    assert model(project) == serial
    assert not partials(project, "train")


def test_number_of_blas_threads_changes_no_bit(run: Run, project: Path) -> None:
    models, line = [], ["train", "--recipe", "quick", "--epochs", "2", "--elastic", "1", "--layers", "conv4,conv16"]
    for threads in ("1", "2", "7"):
        variables = {f"{library}_NUM_THREADS": threads for library in ("OPENBLAS", "OMP", "MKL")}
        assert run(*line, "--force", env={**environment(), **variables}).returncode == 0
        models.append(model(project))
    assert models[0] == models[1] == models[2]


@PARALLEL
def test_stopped_ensemble_stops_at_once_and_keeps_checkpoints(scheduler: str, project: Path) -> None:
    before = snapshot(project / "artifacts")
    process = start(project, *LINE, "--scheduler", scheduler, "--epochs", "100000", "--ensemble-size", "2")
    wait_for("network 2 of 2: epoch 2 ", process.stderr)
    process.send_signal(signal.SIGINT)
    assert_stopped(process, "train")
    assert snapshot(project / "artifacts") == before
    assert partials(project, "train")
