"""A part of the training images is held out, and never learned from, to choose by."""

import math

from pipeline.engine.errors import UsageError

TWELFTH = 1 / 12  # of the training images, as many as are held out if nobody says otherwise: 5,000 of MNIST's


def check_validation(validation: float) -> float:
    """The value as it is. Raises UsageError if it is neither a count of images nor a fraction of them."""
    if not (0 < validation < math.inf) or (validation >= 1 and validation != int(validation)):
        raise UsageError(
            f"validation must be a whole number of images or a fraction above 0 and below 1, not {validation:g}"
        )
    return validation


def count_held_out(validation: float, total: int) -> int:
    """A count as it is; a fraction as that part of `total`, at least 1. Raises UsageError if nothing would be left."""
    check_validation(validation)
    count = int(validation) if validation >= 1 else max(1, round(validation * total))
    if count >= total:
        raise UsageError(
            f"a validation part of {validation:g} leaves nothing of {total:,} training images to learn from"
        )
    return count
