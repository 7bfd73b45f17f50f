"""Digits found in a picture: their places, sizes and probabilities, and which of them show the same digit."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Detections = Floats  # (4, k): y and x of the centres and longer sides, in pixels; probabilities of a digit of any class

ACROSS, ALONG = 0.28, 0.6  # distance in sizes, horizontal and vertical, within which there is only one digit
# Distance in sizes, and in the logarithm of sizes, within which positions belong to one digit.
NEAR, SIMILAR = 0.25, 0.5
MAX_CANDIDATES = 10_000  # of a picture


def centre(found: Detections, kept: NDArray[np.intp]) -> Detections:
    """Return the digits with the indices `kept`, each at the mean place, and of the mean size, of detections around it.

    The probabilities are the weights, and the mean of sizes is the geometric one.
    """
    y, x, size, scores = found
    places, centred = np.stack([y, x, np.log(size)]), np.take(found, kept, axis=1)
    for number, i in enumerate(kept.tolist()):
        down, along, larger = np.abs(places - places[:, i : i + 1])
        near = (np.maximum(down, along) < NEAR * size[i]) & (larger < SIMILAR)
        centred[:3, number] = np.average(places[:, near], axis=1, weights=scores[near])
    np.exp(centred[2], out=centred[2])
    return centred


def suppress(found: Detections) -> NDArray[np.intp]:
    """Return the indices of the most probable digits, without digits that overlap a more probable digit."""
    y, x, sizes, scores = found
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable")[:MAX_CANDIDATES].tolist():
        size = np.maximum(sizes[i], sizes[kept])
        across, along = np.abs(x[kept] - x[i]) / size, np.abs(y[kept] - y[i]) / size
        if not ((across < ACROSS) & (along < ALONG)).any():
            kept.append(i)
    return np.array(kept, np.intp)
