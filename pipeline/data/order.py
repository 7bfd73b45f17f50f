"""The order of training images, of which the last are held out for validation.

In a stratified order, any number of last images is a sample of all classes, and so are the first ones. So `parse`
orders the images once, if at all, and everything after it takes slices.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out

SEED = 0


def find_order(labels: NDArray[np.integer], validation: float = DEFAULT_VALIDATION) -> NDArray[np.intp] | None:
    """Return a stratified order of the training images, or None if they can stay as they are.

    They can stay if the last images, which are held out, include each class of which there are two images, and if the
    other images include each class. labels: (n,). Raises UsageError if no training images would be left.
    """
    kept = len(labels) - count_held_out(validation, len(labels))
    counts, training = (np.bincount(part, minlength=int(labels.max()) + 1) for part in (labels, labels[:kept]))
    lacking = ((counts > 0) & (training == 0)) | ((counts > 1) & (training == counts))
    return stratify(labels) if lacking.any() else None


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
