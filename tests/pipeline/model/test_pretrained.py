"""The pretrained models. `python -m tests.tools.pretrained --check` measures the first one on all of MNIST."""

import math

from pipeline.reader import PRETRAINED, load
from tests.drawings import sample_digits
from tests.tools.pretrained import stated_accuracy


def test_accuracy_on_the_sample() -> None:
    images, labels = sample_digits()
    stated = stated_accuracy()
    std = math.sqrt(stated * (1 - stated) / len(labels))  # 0.3 percentage points
    assert (load(PRETRAINED).predict(images) == labels).mean() >= stated - 2 * std
