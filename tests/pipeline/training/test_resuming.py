"""Training that is interrupted after an epoch and goes on from its checkpoint, to the same bits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.classification import Images
from pipeline.training.epochs import TrainedNetwork, TrainingProgress, train_network
from pipeline.training.history import best_of
from pipeline.training.recipe import Recipe
from tests.pipeline.networks import make_classification, make_examples

DENSE = Recipe(layers="16", learning_rate=0.02, batch_size=10, ema_decay=0.9, epochs=6)
CONVOLUTIONAL = replace(DENSE, layers="conv4x2/1,conv6x3/1,8")


class PowerCutError(Exception):
    pass


def train_one(
    recipe: Recipe, checkpoint: Path, interrupt_after: int = -1
) -> tuple[TrainedNetwork, list[int], list[int]]:
    """Return the network, the epochs that it reported and those after which it resumed."""
    reported: list[int] = []
    resumed_after: list[int] = []

    def on_progress(made: TrainingProgress) -> None:
        if made.epoch:
            (resumed_after if made.resumed else reported).append(made.epoch.number)
            if made.epoch.number == interrupt_after and not made.resumed:
                raise PowerCutError

    training, validation = (bright(make_examples(count, seed=seed)) for count, seed in ((60, 0), (30, 1)))
    task = make_classification(recipe, training, validation, 2)
    return train_network(task, recipe, checkpoint, on_progress), reported, resumed_after


def bright(examples: Images) -> Images:
    """Label the images by whether they are brighter than the mean, which a network can learn."""
    return replace(examples, labels=(examples.images.sum(axis=(1, 2)) > 0).astype(np.uint8))


def test_parameters_of_the_best_epoch_are_kept(tmp_path: Path) -> None:
    network, reported, _ = train_one(DENSE, tmp_path / "one.npz")
    assert reported == [0, 1, 2, 3, 4, 5, 6]
    assert [epoch.number for epoch in network.history] == reported[1:]
    best = best_of(network.history)
    assert best.validation_accuracy == max(epoch.validation_accuracy for epoch in network.history)
    with pytest.raises(PowerCutError):
        train_one(DENSE, tmp_path / "until.npz", best.number)
    found = load_checkpoint(tmp_path / "until.npz")
    assert found is not None and network.flat.tobytes() == found.state[-1].tobytes()


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
    assert network.flat.tobytes() == uninterrupted.flat.tobytes()
    assert [replace(epoch, seconds=0) for epoch in network.history] == [
        replace(epoch, seconds=0) for epoch in uninterrupted.history
    ]


@pytest.mark.parametrize(
    ("recipe", "change"),
    [
        (DENSE, lambda found: replace(found, state=found.state[:2])),
        (DENSE, lambda found: replace(found, state=found.state[:, 1:], best=found.best[1:])),
        (replace(DENSE, learning_rate=0.03), lambda found: found),
        (replace(DENSE, layers="5", epochs=1), lambda found: found),
    ],
)
def test_checkpoint_of_another_network_is_not_used(
    recipe: Recipe, change: Callable[[Checkpoint], Checkpoint], tmp_path: Path
) -> None:
    expected, _, _ = train_one(DENSE, tmp_path / "one.npz")
    train_one(recipe, tmp_path / "other.npz")
    found = load_checkpoint(tmp_path / "other.npz")
    assert found is not None
    save_checkpoint(tmp_path / "other.npz", change(found))
    network, reported, resumed_after = train_one(DENSE, tmp_path / "other.npz")
    assert (reported, resumed_after) == ([0, 1, 2, 3, 4, 5, 6], [])
    assert network.flat.tobytes() == expected.flat.tobytes()
