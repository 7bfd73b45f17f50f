import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.backends import SYNC, Backend
from pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from pipeline.training.ensemble import RUN, Progress, TrainedNetwork, train_ensemble
from pipeline.training.epoch import count_batches
from pipeline.training.fit import TrainingError
from pipeline.training.recipes import Recipe

RECIPE = Recipe(layers="16", batch_size=200, epochs=3, ensemble_size=3, ema_decay=0.9)
LONG = replace(RECIPE, epochs=2000)
AT_ONCE = pytest.mark.parametrize("scheduler", ["threads", "processes"])


def train(
    built: Path, checkpoints: Path, recipe: Recipe, backend: Backend, on_progress: Any = None
) -> list[TrainedNetwork]:
    return train_ensemble(recipe, built / "normalize", 10, checkpoints, backend, on_progress or (lambda progress: None))


@pytest.fixture(scope="module")
def alone(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[TrainedNetwork]:
    """The networks, trained one after another."""
    return train(built, tmp_path_factory.mktemp("alone"), RECIPE, SYNC)


def assert_equal(networks: list[TrainedNetwork], others: list[TrainedNetwork]) -> None:
    for one, other in zip(networks, others, strict=True):
        assert one.flat.tobytes() == other.flat.tobytes()
        rows = [[replace(row, seconds=0) for row in network.history] for network in (one, other)]
        assert rows[0] == rows[1]


def test_members_differ(alone: list[TrainedNetwork]) -> None:
    assert len({network.flat.tobytes() for network in alone}) == 3


@AT_ONCE
@pytest.mark.parametrize("workers", [2, 5])
def test_members_that_are_trained_at_the_same_time_are_the_same_and_report_every_batch(
    scheduler: str, workers: int, built: Path, alone: list[TrainedNetwork], tmp_path: Path
) -> None:
    progress: list[Progress] = []
    networks = train(built, tmp_path, RECIPE, Backend(scheduler, workers), progress.append)
    assert_equal(networks, alone)
    batches = count_batches(len(np.load(built / "normalize/train-labels.npy", mmap_mode="r")), RECIPE.batch_size)
    for number, network in enumerate(networks, start=1):
        rows = [each.row for each in progress if each.network == number and each.row]
        assert rows[1:] == list(network.history)
        assert sum(each.batches for each in progress if each.network == number) == RECIPE.epochs * batches


@AT_ONCE
def test_a_member_that_diverges_ends_the_others_too(scheduler: str, built: Path, tmp_path: Path) -> None:
    both = replace(LONG, ensemble_size=2)  # a third might be chosen before the second, and train for long
    train(built, tmp_path, replace(both, epochs=1), SYNC)
    first = load_checkpoint(tmp_path / "network-2.npz")
    assert first is not None
    save_checkpoint(tmp_path / "network-2.npz", replace(first, state=np.full_like(first.state, 1e38)))
    progress: list[Progress] = []
    with pytest.raises(TrainingError, match="training diverged in epoch 2"):
        train(built, tmp_path, both, Backend(scheduler, 2), progress.append)
    reported = len(progress)
    time.sleep(0.5)
    assert len(progress) == reported  # no worker trains any more
    unfinished = list(tmp_path.glob(".network*"))
    assert len(unfinished) <= (1 if scheduler == "processes" else 0)  # a process is ended whatever it is about to write


def test_an_interrupted_ensemble_is_resumed_elsewhere_to_the_same_bits(
    built: Path, alone: list[TrainedNetwork], tmp_path: Path
) -> None:
    class PowerCutError(Exception):
        pass

    def cut(progress: Progress) -> None:
        if progress.network == 2 and progress.row and progress.row.number == 2:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        train(built, tmp_path, RECIPE, SYNC, cut)
    progress: list[Progress] = []
    assert_equal(train(built, tmp_path, RECIPE, Backend("threads", 2), progress.append), alone)
    assert {each.network: each.row.number for each in progress if each.resumed and each.row} == {1: 3, 2: 2}


@AT_ONCE
def test_a_member_whose_training_another_run_has_taken_over_stops(scheduler: str, built: Path, tmp_path: Path) -> None:
    def take_over(progress: Progress) -> None:
        if progress.row and progress.row.number > 0:
            (tmp_path / RUN).write_text("another")

    with pytest.raises(PipelineError, match="another run goes on with this training"):
        train(built, tmp_path, LONG, Backend(scheduler, 1), take_over)
    found = load_checkpoint(tmp_path / "network-1.npz")
    assert found is not None and 1 <= len(found.history) < 500


def test_workers_that_do_not_see_the_folders_name_them(built: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        train(built.parent / "nowhere", tmp_path, RECIPE, SYNC)
    assert str(caught.value.filename).endswith("nowhere/normalize")
