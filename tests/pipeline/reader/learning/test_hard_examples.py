from typing import Any

import numpy as np
import pytest

from pipeline.network.losses import LOSSES, cross_entropy
from pipeline.reader.learning.hard_examples import PER_LABEL, PER_PICTURE, at_positions


def make_positions(seed: int = 0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    labels = np.full((6, 7, 3), 3)
    labels[2, 3], labels[4, 1, 0], labels[0] = 1, 0, -1
    return generator.normal(size=(4, 6, 7, 3)), labels


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_at_positions_is_that_of_the_loss(name: str) -> None:
    logits, labels = make_positions()
    value, gradient = at_positions(LOSSES[name].function, logits, labels, 3)
    for index in [(1, 2, 3, 0), (0, 4, 1, 0), (3, 2, 3, 1), *np.argwhere(gradient != 0)[::17].tolist()]:
        shifted = np.zeros_like(logits)
        shifted[tuple(index)] = 1e-6
        above, below = (at_positions(LOSSES[name].function, logits + sign * shifted, labels, 3)[0] for sign in (1, -1))
        assert gradient[tuple(index)] == pytest.approx((above - below) / 2e-6, abs=1e-5)
    assert value > 0


def test_ignored_positions_do_not_count() -> None:
    logits, labels = make_positions()
    value, gradient = at_positions(cross_entropy, logits, labels, 3)
    assert (gradient[:, 0] == 0).all()
    logits[:, 0] = 1e3
    assert at_positions(cross_entropy, logits, labels, 3)[0] == value


def test_hardest_positions_with_nothing_count() -> None:
    labels = np.full((20, 20, 1), 3)
    labels[5, 5] = 0
    logits = np.zeros((4, 20, 20, 1))
    logits[3] = np.arange(400).reshape(20, 20, 1)
    _, gradient = at_positions(cross_entropy, logits, labels, 3)
    counted = np.flatnonzero((gradient != 0).any(axis=0).reshape(-1))
    assert counted.tolist() == [*range(PER_LABEL + PER_PICTURE), 105]
