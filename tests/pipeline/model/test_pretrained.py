"""The pretrained models. `python -m tests.pretrained --check` measures the first one on all of MNIST."""

import math
from dataclasses import replace

from pipeline.html.drawing import load_dense
from pipeline.model.prediction import predict
from pipeline.reader import PRETRAINED, load
from tests.drawings import sample_digits
from tests.pretrained import stated_accuracy


def test_accuracy_on_the_sample() -> None:
    images, labels = sample_digits()
    stated = stated_accuracy()
    std = math.sqrt(stated * (1 - stated) / len(labels))  # 0.3 percentage points
    assert (load(PRETRAINED).predict(images) == labels).mean() >= stated - 2 * std


def test_dense_network_is_for_convolutional_networks_of_ten_digits() -> None:
    model = load(PRETRAINED).model
    dense = load_dense(model)
    assert dense is not None
    images, labels = sample_digits()
    assert (predict(dense, images).argmax(axis=1) == labels).mean() > 0.97
    assert load_dense(dense) is None
    assert load_dense(replace(model, class_names=tuple("abcdefghij"))) is None
