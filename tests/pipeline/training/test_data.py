from pathlib import Path

import numpy as np

from pipeline.training.data import count_negatives, load_examples


def test_negatives_follow_the_training_examples(built: Path) -> None:
    plain, validation = load_examples(built / "normalize")
    training, same_validation = load_examples(built / "normalize", 0.1)
    count, negatives = len(plain.labels), count_negatives(len(plain.labels), 0.1)
    assert np.array_equal(training.images[:count], plain.images)
    assert np.array_equal(training.labels[:count], plain.labels)
    assert training.images.shape == (count + negatives, 28, 28)
    assert training.labels[count:].tolist() == negatives * [10]
    assert training.images.dtype == np.float32
    assert np.array_equal(same_validation.images, validation.images)
    assert np.array_equal(same_validation.labels, validation.labels)
