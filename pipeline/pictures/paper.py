"""A digit may stand on a sheet that lies on a desk, or in a frame: then the picture begins at their edges."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.pictures.fit import find_ink

Grey = NDArray[np.float32]

LARGE = 0.1  # share of the picture that a sheet or a frame takes at least
FULL = 0.7  # and of its box, in which it may lie aslant
RIM = 1 / 32  # of its longer side, along the edge, that does not count


def find_paper(grey: Grey) -> Grey | None:
    """The part of a picture, (h, w) in [0, 255], on a sheet or in a frame; None if there is neither.

    What is in its box but not on it gets the level that most of it has.
    """
    ink = find_ink(grey)
    if ink is None:
        return None
    labels, _ = ndimage.label(ink >= 0.5)
    boxes = ndimage.find_objects(labels)
    areas = [(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in boxes]
    largest = int(np.argmax(areas))
    outside, _ = ndimage.label(np.pad(labels[boxes[largest]] != largest + 1, 1, constant_values=True))
    sheet = outside[1:-1, 1:-1] != 1
    inner = ndimage.distance_transform_cdt(np.pad(sheet, 1))[1:-1, 1:-1] > RIM * max(sheet.shape)
    if areas[largest] < LARGE * ink.size or sheet.mean() < FULL or not inner.any():
        return None
    part = grey[boxes[largest]]
    return np.where(inner, part, np.float32(np.median(part[inner])))
