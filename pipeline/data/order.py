"""Which training images are held out for validation: the last ones, in an order that is changed only if it must be.

In a stratified order, any number of last images is a sample of all classes, and so are the first ones.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out

SEED = 0


def divide(labels: NDArray[np.integer], validation: float = DEFAULT_VALIDATION) -> tuple[NDArray[np.intp] | None, int]:
    """Return the order of the training images, and how many of the first ones are kept; the others are held out.

    The order is None if the images can stay as they are: if those held out include each class of which there are two
    images, and if the others include each class. Otherwise, it is stratified. labels: (n,). validation: see
    `count_held_out`. Raises UsageError if no training images would be left.
    """
    kept = len(labels) - count_held_out(validation, len(labels))
    counts, training = (np.bincount(part, minlength=int(labels.max()) + 1) for part in (labels, labels[:kept]))
    lacking = ((counts > 0) & (training == 0)) | ((counts > 1) & (training == counts))
    return stratify(labels) if lacking.any() else None, kept


def stratify(labels: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return a random order in which any number of images at the end contains the classes in proportion.

    The seed is fixed. The last c images have one of each of c classes; a class of which there is one image is not among
    the last. The first c images also have one of each.
    """
    shuffled = np.random.default_rng(SEED).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    sizes = np.unique_counts(labels).counts
    ranks = np.concatenate([np.append(np.arange(size - 1) / size, 1) for size in sizes])
    return by_class[np.argsort(-ranks, kind="stable")]
