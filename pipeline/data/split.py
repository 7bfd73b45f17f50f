"""The validation set: the training images that are held out."""

import math

from pipeline.engine.errors import UsageError

DEFAULT_VALIDATION = 1 / 12  # of the training images: 5,000 of MNIST's 60,000


def check_validation(validation: float) -> float:
    """Return the value unchanged. Raises UsageError if it is neither a count nor a fraction of images."""
    if not (0 < validation < math.inf) or (validation >= 1 and validation != int(validation)):
        raise UsageError(
            f"validation must be a whole number of images or a fraction above 0 and below 1, not {validation:g}"
        )
    return validation


def count_held_out(validation: float, total: int) -> int:
    """Return the number of validation images, at least 1. Raises UsageError if no training images are left."""
    check_validation(validation)
    count = int(validation) if validation >= 1 else max(1, round(validation * total))
    if count >= total:
        raise UsageError(f"validation {validation:g} leaves none of the {total:,} training images for training")
    return count
