"""Test images to choose in the drawing demo, some of them misread."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

EXAMPLES = 10
MISREAD = 3
MAX_PIXELS = 60_000  # of all examples: the page is limited to 3 million characters


Example = tuple[NDArray[np.uint8], int]  # a test image, (h, w), and its true class


def choose_examples(
    images: NDArray[np.uint8], labels: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]]
) -> list[Example]:
    """Return up to EXAMPLES test images of different classes, in the order of the classes.

    Up to MISREAD of them, and at most a third of the classes, are the most confident errors. For each other class it is
    the first image that is predicted correctly. images: (n, h, w). labels: (n,). probabilities: (n, classes).
    """
    is_wrong = probabilities.argmax(axis=1) != labels
    errors = np.flatnonzero(is_wrong)[np.argsort(-probabilities.max(axis=1)[is_wrong], kind="stable")]
    misread = _first_of_class(errors, labels)[: min(MISREAD, probabilities.shape[1] // 3)]
    correct = _first_of_class(np.flatnonzero(~is_wrong), labels)
    others = [index for index in correct if labels[index] not in labels[misread]]
    count = min(EXAMPLES, MAX_PIXELS // images[0].size)
    chosen = sorted([*misread, *others][:count], key=lambda index: int(labels[index]))
    return [(images[index], int(labels[index])) for index in chosen]


def _first_of_class(indices: NDArray[np.intp], labels: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """Return the first index of each class, in their order."""
    _, first = np.unique(labels[indices], return_index=True)
    return np.asarray(indices[np.sort(first)])
