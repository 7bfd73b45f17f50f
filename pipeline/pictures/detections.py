"""Digits found in a picture: their places, sizes and probabilities, and which of them show the same digit."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ACROSS, ALONG = 0.28, 0.6  # distance in sizes, horizontal and vertical, within which there is only one digit
NEAR, SIMILAR = (
    0.25,
    0.5,
)  # distance in sizes, and in the logarithm of sizes, within which positions belong to one digit
MAX_CANDIDATES = 10_000  # of a picture


@dataclass(frozen=True, eq=False)
class Detections:
    """Digits found in a picture.

    y, x, size: centre and longer side in pixels, (k,). scores: probabilities of a digit of any class, (k,).
    """

    y: Floats
    x: Floats
    size: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.y)

    def take(self, indices: NDArray[np.integer[Any]] | slice) -> Self:
        """Return some of them."""
        return type(self)(*(getattr(self, field.name)[indices] for field in fields(self)))


def join(parts: Sequence[Detections]) -> Detections:
    """Return all detections of several sets, at least one."""
    return Detections(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Detections)))


def centre(found: Detections, kept: NDArray[np.intp]) -> Detections:
    """Return the digits with the indices `kept`, each at the mean place, and of the mean size, of detections around it.

    The scores are the weights, and the mean of sizes is the geometric one.
    """
    places = np.stack([found.y, found.x, np.log(found.size)])
    means = np.empty((3, len(kept)), np.float32)
    for number, i in enumerate(kept.tolist()):
        down, along, larger = np.abs(places - places[:, i : i + 1])
        near = (np.maximum(down, along) < NEAR * found.size[i]) & (larger < SIMILAR)
        means[:, number] = np.average(places[:, near], axis=1, weights=found.scores[near])
    y, x, size = means
    return replace(found.take(kept), y=y, x=x, size=np.exp(size))


def suppress(found: Detections) -> NDArray[np.intp]:
    """Return the indices of the most probable digits, without digits that overlap a more probable digit."""
    kept: list[int] = []
    for i in np.argsort(-found.scores, kind="stable")[:MAX_CANDIDATES].tolist():
        size = np.maximum(found.size[i], found.size[kept])
        across, along = np.abs(found.x[kept] - found.x[i]) / size, np.abs(found.y[kept] - found.y[i]) / size
        if not ((across < ACROSS) & (along < ALONG)).any():
            kept.append(i)
    return np.array(kept, np.intp)
