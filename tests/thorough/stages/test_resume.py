"""A training that is cut off goes on where it was, and ends with the bits of one that was not."""

import csv
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.processes import Run, environment
from tests.stages.common import snapshot

KILLS = 20
LINE = ["train", "--recipe", "quick", "--epochs", "12", "--ema-decay", "0.9", "--elastic", "1"]
LINE += ["--layers", "conv4,conv16"]


def start(project: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stages.cli.main", *LINE, *more]
    return subprocess.Popen(command, cwd=project, env=environment(), text=True, stderr=subprocess.PIPE)


def model(project: Path) -> dict[str, bytes]:
    """The artifact without what tells of the run and not of its result."""
    unhashed = ("train/manifest.json", "train/history.csv")
    return {
        name: body
        for name, body in snapshot(project / "artifacts").items()
        if name.startswith("train/") and name not in unhashed
    }


def partials(project: Path) -> list[Path]:
    return list((project / "artifacts" / ".store").glob("train-*.partial"))


@pytest.mark.parametrize("networks", [1, 3])
def test_killed_at_random_moments_it_ends_with_the_bits_of_an_undisturbed_run(
    networks: int, run: Run, project: Path
) -> None:
    more = ["--ensemble-size", str(networks)]
    started = time.monotonic()
    assert run(*LINE, *more).returncode == 0
    duration = time.monotonic() - started
    undisturbed = model(project)
    shutil.rmtree((project / "artifacts" / "train").resolve())
    generator, resumed, kills = random.Random(networks), set(), 0
    while kills < KILLS // networks:
        process = start(project, *more)
        time.sleep(generator.uniform(duration / 3, duration))
        process.kill()
        process.communicate()
        if not partials(project):  # it was too quick for us, or has not begun
            shutil.rmtree((project / "artifacts" / "train").resolve(), ignore_errors=True)
            continue
        kills += 1
        result = run(*LINE, *more)
        assert result.returncode == 0, result.stderr
        resumed |= {line for line in result.stderr.splitlines() if "goes on after" in line}
        assert model(project) == undisturbed
        assert not partials(project)
        with open(project / "artifacts/train/history.csv", newline="") as file:
            epochs = [(int(row["network"]), int(row["epoch"])) for row in csv.DictReader(file)]
        assert epochs == [(network, epoch) for network in range(1, networks + 1) for epoch in range(1, 13)]
        shutil.rmtree((project / "artifacts" / "train").resolve())
    assert len(resumed) >= 3  # from several epochs, that is


def cut_off(project: Path) -> Path:
    """Kill a training after an epoch; the folder that it leaves."""
    process = start(project)
    assert process.stderr is not None
    for line in process.stderr:
        if "epoch 3 of 12" in line:
            break
    process.kill()
    process.communicate()
    (left,) = partials(project)
    return left


def test_other_parameters_do_not_go_on_from_there_and_leave_it_for_later(run: Run, project: Path) -> None:
    left = cut_off(project)
    assert "goes on after" not in run(*LINE, "--seed", "2").stderr
    assert left.is_dir()
    assert "goes on after epoch" in run(*LINE).stderr
    assert not left.exists()


def test_a_damaged_checkpoint_is_no_harm(run: Run, project: Path) -> None:
    left = cut_off(project)
    (checkpoint,) = left.glob("checkpoint/*.npz")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    result = run(*LINE)
    assert result.returncode == 0
    assert "goes on after" not in result.stderr


def test_prune_gives_the_room_of_checkpoints_back(run: Run, project: Path) -> None:
    left = cut_off(project)
    assert left.name in run("prune", "--keep", "9").stdout
    assert not left.exists()


def test_a_training_that_diverges_keeps_nothing(run: Run, project: Path) -> None:
    arguments = ["--optimizer", "sgd", "--schedule", "one-cycle", "--learning-rate", "1e5", "--epochs", "30"]
    result = run("train", "--recipe", "quick", *arguments)
    assert "diverged" in result.stderr
    assert not partials(project)


def test_how_many_threads_blas_is_given_changes_no_bit(run: Run, project: Path) -> None:
    models = []
    for threads in ("1", "2", "7"):
        variables = {f"{library}_NUM_THREADS": threads for library in ("OPENBLAS", "OMP", "MKL")}
        assert run(*LINE, "--epochs", "2", "--force", env={**environment(), **variables}).returncode == 0
        models.append(model(project))
    assert models[0] == models[1] == models[2]
    assert np.load(project / "artifacts/train/layer-1-weights.npy").any()
