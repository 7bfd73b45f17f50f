"""Lines of forms and notebooks."""

from typing import Any

import numpy as np
import pytest

from pipeline.reader_training.synthesis.number_writing import Piece
from pipeline.reader_training.synthesis.ruling import RULE_SHARES, Ruler


@pytest.mark.parametrize("kind", RULE_SHARES)
def test_every_kind_of_lines_leaves_ink(kind: Any) -> None:
    digits = [Piece(np.ones((20, 16), np.float32), 30, left, 1) for left in (32, 62, 92)]
    inks = []
    for seed in range(5):
        ruler = Ruler(digits, 0.01, 1.2, 0.8, np.random.default_rng(seed))
        kind(ruler)
        inks.append(ruler.ink())
    assert np.max(inks) > 0.3
    assert np.min(inks) == 0
    assert np.mean(inks) < 0.5
