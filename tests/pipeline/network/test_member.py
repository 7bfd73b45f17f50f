from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.network.activations import Array
from pipeline.network.examples import Examples
from pipeline.network.history import Row, best_of
from pipeline.network.member import Member, train_member
from pipeline.network.recipe import Recipe
from pipeline.network.training import fit

RECIPE = Recipe(sizes=(16,), learning_rate=0.02, schedule="cosine", averaging=0.9, batch_size=10, epochs=6)


class PowerCutError(Exception):
    pass


def examples(count: int, seed: int = 0) -> Examples:
    generator = np.random.default_rng(seed)
    images: Array = generator.normal(size=(count, 4, 5)).astype(np.float32)
    return Examples(images, (images.sum(axis=(1, 2)) > 0).astype(np.uint8))


def trained(checkpoint: Path, cut_after: int | None = None) -> tuple[Member, list[int], list[int]]:
    """The member, the numbers of the epochs that were told of, and of those that it went on after."""
    told: list[int] = []
    resumed: list[int] = []

    def tell(row: Row, again: bool) -> None:
        (resumed if again else told).append(row.number)
        if again:
            return
        if row.number == cut_after:
            raise PowerCutError

    seen = examples(60), examples(30, seed=1)
    member = train_member(RECIPE, *seen, 2, checkpoint, on_epoch=tell)
    return member, told, resumed


def test_the_best_epoch_is_kept_the_last_of_several(tmp_path: Path) -> None:
    member, told, _ = trained(tmp_path / "one.npz")
    assert told == [0, 1, 2, 3, 4, 5, 6]
    assert [row.number for row in member.history] == told[1:]
    best = member.best
    assert best.validation_accuracy == max(row.validation_accuracy for row in member.history)
    assert all(row.validation_accuracy < best.validation_accuracy for row in member.history if row.number > best.number)
    for epoch in fit(RECIPE, examples(60), examples(30, seed=1), 2):
        if epoch.number == best.number:
            assert member.numbers.tobytes() == epoch.parameters.flat.tobytes()


def test_of_two_equal_epochs_the_later_is_the_best() -> None:
    rows = [Row(number, 0.1, 0.9, accuracy, 0.1, 1.0) for number, accuracy in ((1, 0.8), (2, 0.9), (3, 0.9), (4, 0.7))]
    assert best_of(rows).number == 3


@pytest.mark.parametrize("cuts", [[1], [3], [5], [2, 4], [6], [1, 2, 3, 4, 5, 6]])
def test_cut_off_and_resumed_it_is_the_same_member(cuts: list[int], tmp_path: Path) -> None:
    undisturbed, _, _ = trained(tmp_path / "undisturbed.npz")
    for cut in cuts:
        with pytest.raises(PowerCutError):
            trained(tmp_path / "cut.npz", cut)
    member, told, resumed = trained(tmp_path / "cut.npz")
    assert resumed == [cuts[-1]]
    assert told == list(range(cuts[-1] + 1, 7))
    assert member.numbers.tobytes() == undisturbed.numbers.tobytes()
    assert [replace(row, seconds=0) for row in member.history] == [
        replace(row, seconds=0) for row in undisturbed.history
    ]
