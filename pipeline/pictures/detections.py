"""Digits found in a picture: their places, sizes and probabilities, and which of them show the same digit."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ACROSS, ALONG = 0.28, 0.6  # distance in sizes, horizontal and vertical, within which there is only one digit
NEAR = 0.25  # distance in sizes within which positions belong to one digit
MAX_CANDIDATES = 10_000  # of a picture


@dataclass(frozen=True, eq=False)
class Detections:
    """Digits found in a picture.

    y, x, size: centre and longer side in pixels, (k,). probabilities: of the classes and of nothing, (k, classes + 1).
    """

    y: Floats
    x: Floats
    size: Floats
    probabilities: Floats

    def __len__(self) -> int:
        return len(self.y)

    @property
    def scores(self) -> Floats:
        """Probability of being a digit."""
        return np.asarray(1 - self.probabilities[:, -1])

    def take(self, indices: NDArray[np.integer[Any]] | slice) -> Self:
        """Return some of them."""
        return type(self)(*(getattr(self, field.name)[indices] for field in fields(self)))


def join(parts: Sequence[Detections]) -> Detections:
    """Return all detections of several sets, at least one."""
    return Detections(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Detections)))


def centre(found: Detections, kept: NDArray[np.intp]) -> Detections:
    """Return the digits with the indices `kept`, each at the mean of the positions around it, weighted by scores."""
    digits = found.take(kept)
    y, x, size = (each[:, np.newaxis] for each in (digits.y, digits.x, digits.size))
    weights = (np.maximum(np.abs(found.y - y), np.abs(found.x - x)) < NEAR * size) * found.scores
    weights /= weights.sum(axis=1, keepdims=True)
    return replace(digits, y=weights @ found.y, x=weights @ found.x)


def suppress(found: Detections) -> NDArray[np.intp]:
    """Return the indices of the most probable digits, without digits that overlap a more probable digit."""
    kept: list[int] = []
    for i in np.argsort(-found.scores, kind="stable")[:MAX_CANDIDATES].tolist():
        size = np.maximum(found.size[i], found.size[kept])
        across, along = np.abs(found.x[kept] - found.x[i]) / size, np.abs(found.y[kept] - found.y[i]) / size
        if not ((across < ACROSS) & (along < ALONG)).any():
            kept.append(i)
    return np.array(kept, np.intp)
