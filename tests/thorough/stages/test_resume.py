"""An interrupted training resumes from its checkpoint and ends with the bits of an uninterrupted one."""

import csv
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.processes import Run, environment, wait_for
from tests.stages.common import model, partials

KILLS = 20
LINE = ["train", "--recipe", "quick", "--epochs", "12", "--ema-decay", "0.9", "--elastic", "1"]
LINE += ["--layers", "conv4,conv16"]


def start(project: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stages.cli.main", *LINE, *more]
    return subprocess.Popen(command, cwd=project, env=environment(), text=True, stderr=subprocess.PIPE)


@pytest.mark.parametrize("networks", [1, 3])
def test_training_killed_at_random_times_resumes_to_same_bits(networks: int, run: Run, project: Path) -> None:
    more = ["--ensemble-size", str(networks)]
    assert run(*LINE, *more).returncode == 0
    expected = model(project)
    shutil.rmtree((project / "artifacts" / "train").resolve())
    generator, resumed, kills = random.Random(networks), set(), 0
    while kills < KILLS // networks:
        process = start(project, *more)
        network = f"network {generator.randint(1, networks)} of {networks}: " if networks > 1 else ""
        wait_for(f"{network}epoch {generator.randint(1, 11)} of 12", process.stderr)
        time.sleep(generator.uniform(0, 0.05))
        process.kill()
        process.communicate()
        if not partials(project, "train"):  # already finished
            shutil.rmtree((project / "artifacts" / "train").resolve(), ignore_errors=True)
            continue
        kills += 1
        result = run(*LINE, *more)
        assert result.returncode == 0, result.stderr
        resumed |= {line for line in result.stderr.splitlines() if "resuming after" in line}
        assert model(project) == expected
        assert not partials(project, "train")
        with open(project / "artifacts/train/history.csv", newline="") as file:
            epochs = [(int(row["network"]), int(row["epoch"])) for row in csv.DictReader(file)]
        assert epochs == [(network, epoch) for network in range(1, networks + 1) for epoch in range(1, 13)]
        shutil.rmtree((project / "artifacts" / "train").resolve())
    assert len(resumed) >= 3  # after different epochs


def kill_after_epoch(project: Path) -> Path:
    """Kill a training after an epoch; return its partial folder."""
    process = start(project)
    wait_for("epoch 1 of 12", process.stderr)
    process.kill()
    process.communicate()
    (left,) = partials(project, "train")
    return left


def test_checkpoint_is_kept_but_unused_with_other_parameters(run: Run, project: Path) -> None:
    left = kill_after_epoch(project)
    assert "resuming after" not in run(*LINE, "--seed", "2").stderr
    assert left.is_dir()
    assert "resuming after epoch" in run(*LINE).stderr
    assert not left.exists()


def test_damaged_checkpoint_is_ignored(run: Run, project: Path) -> None:
    left = kill_after_epoch(project)
    (checkpoint,) = left.glob("checkpoint/*.npz")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    result = run(*LINE)
    assert result.returncode == 0
    assert "resuming after" not in result.stderr


def test_prune_deletes_checkpoints(run: Run, project: Path) -> None:
    left = kill_after_epoch(project)
    assert left.name in run("prune", "--keep", "9").stdout
    assert not left.exists()


def test_diverging_training_keeps_no_checkpoint(run: Run, project: Path) -> None:
    arguments = ["--optimizer", "sgd", "--schedule", "one-cycle", "--learning-rate", "1e5", "--epochs", "30"]
    result = run("train", "--recipe", "quick", *arguments)
    assert "diverged" in result.stderr
    assert not partials(project, "train")


def test_number_of_blas_threads_changes_no_bit(run: Run, project: Path) -> None:
    models = []
    for threads in ("1", "2", "7"):
        variables = {f"{library}_NUM_THREADS": threads for library in ("OPENBLAS", "OMP", "MKL")}
        assert run(*LINE, "--epochs", "2", "--force", env={**environment(), **variables}).returncode == 0
        models.append(model(project))
    assert models[0] == models[1] == models[2]
    assert np.load(project / "artifacts/train/layer-1-weights.npy").any()
