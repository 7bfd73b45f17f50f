"""Crop a picture to a sheet of paper on a desk."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.pictures.preparation import find_ink

Grey = NDArray[np.float32]

MIN_AREA = 0.1  # of the sheet's bounding box, as a fraction of the picture
MIN_FILL = 0.7  # of its bounding box by the sheet, which may be rotated
MIN_MEDIAN = 0.75  # brightness of the sheet, relative to its brightest pixel; a lamp's spot of light has less
RIM = 1 / 32  # width of the discarded edge, as a fraction of the longer side


def find_paper(grey: Grey) -> tuple[Grey, int, int] | None:
    """Return the part of a picture, (h, w) in [0, 255], on a sheet, and its left and top; None if there is no sheet.

    Pixels of its bounding box outside the sheet are set to the median of those inside.
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
    is_even = np.median(ink[boxes[largest]][sheet]) >= MIN_MEDIAN
    if areas[largest] < MIN_AREA * ink.size or sheet.mean() < MIN_FILL or not is_even or not inner.any():
        return None
    rows, columns = boxes[largest]
    part = grey[rows, columns]
    return np.where(inner, part, np.float32(np.median(part[inner]))), columns.start, rows.start
