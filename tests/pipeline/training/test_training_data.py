from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.dataset import Description
from pipeline.data.scaling import standardise
from pipeline.engine.errors import PipelineError
from pipeline.training.recipe import Recipe
from pipeline.training.training_data import TrainingData, add_drawn, count_drawn, hold_out, load_data


@pytest.fixture
def data(built: Path) -> TrainingData:
    return load_data(built / "parse", built / "normalize")


def take(examples: Any, indices: Any) -> Any:
    out = np.empty((len(indices), *examples.images.shape[1:]), np.float32)
    examples.take(np.array(indices), out, np.random.default_rng(0))
    return out


def test_data_are_memory_maps_of_the_artifacts(built: Path, data: TrainingData) -> None:
    assert all(
        isinstance(array.base, np.memmap) for array in (data.training.images, data.validation.images, data.pixels)
    )
    assert np.array_equal(data.training.images, np.load(built / "normalize/train-images.npy"))
    assert np.array_equal(data.training.labels, np.load(built / "normalize/train-labels.npy"))
    assert np.array_equal(data.pixels, np.load(built / "parse/train-images.npy")[: len(data.training)])
    assert len(data.validation) == len(np.load(built / "normalize/validation-labels.npy"))
    assert data.classes == 10


def test_drawn_examples_follow_the_training_examples(data: TrainingData) -> None:
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
    assert add_drawn(data, Recipe()) is data.training


def test_only_digits_are_drawn_in_other_styles(data: TrainingData) -> None:
    letters = replace(data, description=Description("letters", tuple("abcdefghij")))
    assert count_drawn(letters, Recipe(styles=0.5)) == (0, 0)


@pytest.mark.parametrize(
    ("images", "labels", "options"),
    [
        (np.zeros((4, 3, 3)), [0, 1, 0, 1], {}),
        (np.zeros((4, 9), np.uint8), [0, 1, 0, 1], {}),
        (np.zeros((4, 3, 3), np.uint8), [0, 1, 0], {}),
        (np.zeros((4, 3, 3), np.uint8), [0.0, 1.0, 0.0, 1.0], {}),
        (np.zeros((4, 3, 3), np.uint8), [0, -1, 0, 1], {}),
        (np.zeros((4, 3, 3), np.uint8), [0, 1, 2, 1], {"class_names": ["a", "b"]}),
        (np.zeros((0, 3, 3), np.uint8), [], {}),
        (np.eye(3, dtype=np.uint8)[np.newaxis].repeat(4, 0), [0, 1, 0, 1], {"validation": 4}),
    ],
)
def test_arrays_that_are_not_images_and_labels_are_refused(images: Any, labels: Any, options: Any) -> None:
    with pytest.raises(PipelineError):
        hold_out(images, labels, **options)
