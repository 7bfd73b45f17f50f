from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.training.ensemble import TrainedNetwork, train_network
from pipeline.training.examples import Examples
from pipeline.training.fit import fit
from pipeline.training.history import Row, best_of
from pipeline.training.recipes import Recipe
from tests.pipeline.networks import make_examples

DENSE = Recipe(layers="16", learning_rate=0.02, schedule="cosine", ema_decay=0.9, batch_size=10, epochs=6)
CONVOLUTIONAL = replace(DENSE, layers="conv4x2/1,conv6x3/1,8")
RECIPES = pytest.mark.parametrize("recipe", [DENSE, CONVOLUTIONAL], ids=lambda recipe: recipe.layers)


class PowerCutError(Exception):
    pass


def examples(count: int, seed: int = 0) -> Examples:
    seen = make_examples(count, seed=seed)
    return Examples(seen.images, (seen.images.sum(axis=(1, 2)) > 0).astype(np.uint8))


def train(
    recipe: Recipe, checkpoint: Path, cut_after: int | None = None
) -> tuple[TrainedNetwork, list[int], list[int]]:
    """The network, the numbers of the epochs it reported, and those of the epochs it resumed after."""
    done: list[int] = []
    resumed: list[int] = []

    def note(row: Row, again: bool) -> None:
        (resumed if again else done).append(row.number)
        if row.number == cut_after and not again:
            raise PowerCutError

    network = train_network(recipe, examples(60), examples(30, seed=1), 2, checkpoint, on_epoch=note)
    return network, done, resumed


def test_the_best_epoch_is_kept_the_last_of_several(tmp_path: Path) -> None:
    network, done, _ = train(DENSE, tmp_path / "one.npz")
    assert done == [0, 1, 2, 3, 4, 5, 6]
    assert [row.number for row in network.history] == done[1:]
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
def test_of_epochs_that_the_validation_images_cannot_tell_apart_the_last_is_the_best(
    accuracies: tuple[float, ...], best: int
) -> None:
    rows = [Row(number, 0.1, 0.9, accuracy, 0.1, 1.0) for number, accuracy in enumerate(accuracies, start=1)]
    assert best_of(rows).number == best


@RECIPES
@pytest.mark.parametrize("cuts", [[1], [3], [6], [1, 2, 3, 4, 5, 6]])
def test_an_interrupted_and_resumed_run_ends_with_the_same_bits(
    recipe: Recipe, cuts: list[int], tmp_path: Path
) -> None:
    undisturbed, _, _ = train(recipe, tmp_path / "undisturbed.npz")
    for cut in cuts:
        with pytest.raises(PowerCutError):
            train(recipe, tmp_path / "cut.npz", cut)
    network, done, resumed = train(recipe, tmp_path / "cut.npz")
    assert resumed == [cuts[-1]]
    assert done == list(range(cuts[-1] + 1, 7))
    assert network.flat.tobytes() == undisturbed.flat.tobytes()
    assert [replace(row, seconds=0) for row in network.history] == [
        replace(row, seconds=0) for row in undisturbed.history
    ]
