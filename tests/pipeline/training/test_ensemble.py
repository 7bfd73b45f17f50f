import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.backends import SYNC, Backend
from pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from pipeline.training.data import Examples, load_data
from pipeline.training.ensemble import (
    RUN_FILE,
    Progress,
    TrainedNetwork,
    describe_origin,
    train_ensemble,
    train_network,
)
from pipeline.training.fit import TrainingError, count_batches, fit
from pipeline.training.history import Row, best_of
from pipeline.training.recipe import Recipe, network_recipes
from tests.pipeline.networks import make_examples

DENSE = Recipe(layers="16", learning_rate=0.02, schedule="cosine", ema_decay=0.9, batch_size=10, epochs=6)
CONVOLUTIONAL = replace(DENSE, layers="conv4x2/1,conv6x3/1,8")
ENSEMBLE = Recipe(layers="16", batch_size=200, epochs=3, ensemble_size=3, ema_decay=0.9)
LONG = replace(ENSEMBLE, epochs=2000)
PARALLEL = pytest.mark.parametrize("scheduler", ["threads", "processes"])


class PowerCutError(Exception):
    pass


def examples(count: int, seed: int = 0) -> Examples:
    data = make_examples(count, seed=seed)
    return replace(data, labels=(data.images.sum(axis=(1, 2)) > 0).astype(np.uint8))


def train_one(
    recipe: Recipe, checkpoint: Path, interrupt_after: int | None = None
) -> tuple[TrainedNetwork, list[int], list[int]]:
    """Return the network, the epochs that it reported and those after which it resumed."""
    reported: list[int] = []
    resumed_after: list[int] = []

    def on_epoch(row: Row, resumed: bool) -> None:
        (resumed_after if resumed else reported).append(row.number)
        if row.number == interrupt_after and not resumed:
            raise PowerCutError

    network = train_network(recipe, examples(60), examples(30, seed=1), 2, checkpoint, on_epoch=on_epoch)
    return network, reported, resumed_after


def train(
    built: Path,
    checkpoints: Path,
    recipe: Recipe,
    backend: Backend,
    on_progress: Callable[[Progress], object] = lambda progress: None,
) -> list[TrainedNetwork]:
    data = load_data(built / "parse", built / "normalize")
    return train_ensemble(recipe, data, checkpoints, backend, on_progress)


@pytest.fixture(scope="module")
def expected(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[TrainedNetwork]:
    """The networks of the ensemble, trained sequentially."""
    return train(built, tmp_path_factory.mktemp("sequential"), ENSEMBLE, SYNC)


def assert_equal(networks: list[TrainedNetwork], others: list[TrainedNetwork]) -> None:
    for one, other in zip(networks, others, strict=True):
        assert one.flat.tobytes() == other.flat.tobytes()
        rows = [[replace(row, seconds=0) for row in network.history] for network in (one, other)]
        assert rows[0] == rows[1]


def test_parameters_of_the_best_epoch_are_kept(tmp_path: Path) -> None:
    network, reported, _ = train_one(DENSE, tmp_path / "one.npz")
    assert reported == [0, 1, 2, 3, 4, 5, 6]
    assert [row.number for row in network.history] == reported[1:]
    best = network.best
    assert best.validation_accuracy == max(row.validation_accuracy for row in network.history)
    assert all(
        row.validation_accuracy < best.validation_accuracy for row in network.history if row.number > best.number
    )
    for epoch in fit(DENSE, examples(60), examples(30, seed=1), 2):
        if epoch.number == best.number:
            assert network.flat.tobytes() == epoch.parameters.flat.tobytes()


@pytest.mark.parametrize(
    ("accuracies", "best"), [((0.8, 0.9, 0.9, 0.7), 3), ((0.9952, 0.995, 0.9946, 0.994), 3), ((0.994, 0.9952, 0.99), 2)]
)
def test_best_epoch_is_the_last_within_the_tolerance(accuracies: tuple[float, ...], best: int) -> None:
    rows = [Row(number, 0.1, 0.9, accuracy, 0.1, 1.0) for number, accuracy in enumerate(accuracies, start=1)]
    assert best_of(rows).number == best


@pytest.mark.parametrize("recipe", [DENSE, CONVOLUTIONAL], ids=lambda recipe: recipe.layers)
@pytest.mark.parametrize("interruptions", [[1], [3], [6], [1, 2, 3, 4, 5, 6]])
def test_interrupted_run_resumes_to_same_bits(recipe: Recipe, interruptions: list[int], tmp_path: Path) -> None:
    uninterrupted, _, _ = train_one(recipe, tmp_path / "uninterrupted.npz")
    for epoch in interruptions:
        with pytest.raises(PowerCutError):
            train_one(recipe, tmp_path / "interrupted.npz", epoch)
    network, reported, resumed_after = train_one(recipe, tmp_path / "interrupted.npz")
    assert resumed_after == [interruptions[-1]]
    assert reported == list(range(interruptions[-1] + 1, 7))
    assert_equal([network], [uninterrupted])


def test_networks_of_an_ensemble_differ(expected: list[TrainedNetwork]) -> None:
    assert len({network.flat.tobytes() for network in expected}) == 3


@pytest.mark.parametrize(("scheduler", "workers"), [("threads", 5), ("processes", 2)])
def test_parallel_training_gives_same_bits_and_reports_every_batch(
    scheduler: str, workers: int, built: Path, expected: list[TrainedNetwork], tmp_path: Path
) -> None:
    progress: list[Progress] = []
    networks = train(built, tmp_path, ENSEMBLE, Backend(scheduler, workers), progress.append)
    assert_equal(networks, expected)
    batches = count_batches(len(np.load(built / "normalize/train-labels.npy", mmap_mode="r")), ENSEMBLE.batch_size)
    for number, network in enumerate(networks, start=1):
        rows = [each.row for each in progress if each.network == number and each.row]
        assert rows[1:] == list(network.history)
        assert sum(each.batches for each in progress if each.network == number) == ENSEMBLE.epochs * batches


@PARALLEL
def test_divergence_of_one_network_stops_the_others(scheduler: str, built: Path, tmp_path: Path) -> None:
    two = replace(LONG, ensemble_size=2)  # a third might be started before the second, and train for long
    train(built, tmp_path, replace(two, epochs=1), SYNC)
    checkpoint = load_checkpoint(tmp_path / "network-2.npz")
    assert checkpoint is not None
    origin = describe_origin(network_recipes(two)[1], load_data(built / "parse", built / "normalize").training)
    save_checkpoint(
        tmp_path / "network-2.npz", replace(checkpoint, state=np.full_like(checkpoint.state, 1e38), origin=origin)
    )
    progress: list[Progress] = []
    with pytest.raises(TrainingError, match="training diverged in epoch 2"):
        train(built, tmp_path, two, Backend(scheduler, 2), progress.append)
    reported = len(progress)
    time.sleep(0.5)
    assert len(progress) == reported  # no worker is training
    unfinished = list(tmp_path.glob(".network*"))
    assert len(unfinished) <= (1 if scheduler == "processes" else 0)  # a process may be killed during a write


def test_interrupted_ensemble_resumes_on_another_backend_to_same_bits(
    built: Path, expected: list[TrainedNetwork], tmp_path: Path
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.network == 2 and progress.row and progress.row.number == 2:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        train(built, tmp_path, ENSEMBLE, SYNC, interrupt)
    progress: list[Progress] = []
    assert_equal(train(built, tmp_path, ENSEMBLE, Backend("threads", 2), progress.append), expected)
    assert {each.network: each.row.number for each in progress if each.resumed and each.row} == {1: 3, 2: 2}


def test_training_stops_if_another_run_takes_over(built: Path, tmp_path: Path) -> None:
    def take_over(progress: Progress) -> None:
        if progress.row and progress.row.number > 0:
            (tmp_path / RUN_FILE).write_text("another")

    with pytest.raises(PipelineError, match="another run continues it"):
        train(built, tmp_path, LONG, Backend("threads", 1), take_over)
    checkpoint = load_checkpoint(tmp_path / "network-1.npz")
    assert checkpoint is not None and 1 <= len(checkpoint.history) < 500


def test_error_names_a_folder_that_workers_cannot_see(built: Path, tmp_path: Path) -> None:
    data = load_data(built / "parse", built / "normalize")
    unseen = replace(data, folders=(built / "parse", built / "nowhere"))
    with pytest.raises(FileNotFoundError) as caught:
        train_ensemble(ENSEMBLE, unseen, tmp_path)
    assert str(caught.value.filename).endswith("nowhere")
