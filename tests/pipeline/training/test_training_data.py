from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.dataset import Description
from pipeline.data.scaling import standardise
from pipeline.data.split import Split, load_split
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import add_drawn, count_drawn


@pytest.fixture
def data(built: Path) -> Split:
    return load_split(built / "normalize")


def take(examples: Any, indices: Any) -> Any:
    out = np.empty((len(indices), *examples.images.shape[1:]), np.float32)
    examples.take(np.array(indices), out, np.random.default_rng(0))
    return out


def test_drawn_examples_follow_the_training_examples(data: Split) -> None:
    recipe = Recipe(negatives=0.1, styles=0.05)
    training, count, (styles, negatives) = add_drawn(data, recipe), len(data.training), count_drawn(data, recipe)
    assert len(training) == count + styles + negatives
    assert (styles, negatives) == (round(0.05 * count), round(0.1 * count))
    assert np.array_equal(training.labels[:count], data.training.labels)
    assert set(training.labels[count : count + styles].tolist()) == set(range(10))
    assert training.labels[count + styles :].tolist() == negatives * [10]
    assert training.drawn is not None and training.drawn.dtype == np.uint8
    expected = [data.training.images[3], *standardise(training.drawn[[0, -1]], training.scaling)]
    assert np.array_equal(take(training, [3, count, len(training) - 1]), expected)
    assert add_drawn(data, Recipe()).drawn is None


def test_only_digits_are_drawn_in_other_styles(data: Split) -> None:
    letters = replace(data, description=Description("letters", tuple("abcdefghij")))
    assert count_drawn(letters, Recipe(styles=0.5)) == (0, 0)
