"""An interrupted training resumes from its checkpoint and ends with the bits of an uninterrupted one."""

import csv
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from tests.processes import Run, environment, wait_for
from tests.stages.common import model, partials, start

KILLS = 20
LINE = ["train", "--recipe", "quick", "--epochs", "12", "--ema-decay", "0.9", "--elastic", "1"]
LINE += ["--layers", "conv4,conv16"]


@pytest.mark.parametrize("networks", [1, 3])
def test_training_killed_at_random_times_resumes_to_same_bits(networks: int, run: Run, project: Path) -> None:
    more = ["--ensemble-size", str(networks)]
    assert run(*LINE, *more).returncode == 0
    expected = model(project)
    shutil.rmtree((project / "artifacts" / "train").resolve())
    generator, resumed, kills = random.Random(networks), set(), 0
    while kills < KILLS // networks:
        process = start(project, *LINE, *more)
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


def test_number_of_blas_threads_changes_no_bit(run: Run, project: Path) -> None:
    models = []
    for threads in ("1", "2", "7"):
        variables = {f"{library}_NUM_THREADS": threads for library in ("OPENBLAS", "OMP", "MKL")}
        assert run(*LINE, "--epochs", "2", "--force", env={**environment(), **variables}).returncode == 0
        models.append(model(project))
    assert models[0] == models[1] == models[2]
    assert np.load(project / "artifacts/train/layer-1-weights.npy").any()
