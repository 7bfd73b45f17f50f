"""Frames: pages as they would lie on their reference page."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.desk.forms.registration import Placement, Reference, to_matrix
from pipeline.engine.float_arrays import Array
from pipeline.pictures import filters


@dataclass(frozen=True, eq=False)
class Frame:
    """A page as it would lie on its reference page.

    grey: the page itself. shape, size: (height, width) of the frame in pixels of `grey`, and of the picture. turn,
    origin: a point y + ix of the frame lies at origin + turn * (y + ix), in pixels of the picture.
    """

    grey: Array
    shape: tuple[int, int]
    size: tuple[int, int]
    turn: complex
    origin: complex

    def cut(self, left: int, top: int, right: int, bottom: int) -> Array:
        """Return a part of the straightened page, in pixels of `grey`; its edges continue beyond the picture."""
        if self.turn == 1 and self.origin == 0:
            return self.grey[top:bottom, left:right]
        start = self.turn * complex(top, left) + self.origin * max(self.shape) / max(self.size)
        shape = bottom - top, right - left
        matrix, offset = to_matrix(self.turn), (start.real, start.imag)
        return np.asarray(
            filters.ndimage.affine_transform(self.grey, matrix, offset, shape, np.float32, order=1, mode="nearest")
        )

    def to_page(self, boxes: NDArray[np.int64], limits: tuple[int, int]) -> NDArray[np.int64]:
        """Return boxes (k, 4) of the frame as upright ones on the page, in pixels of the picture, within its edges."""
        if self.turn == 1 and self.origin == 0:
            return boxes
        middle = self.turn * ((boxes[:, 1] + boxes[:, 3]) + 1j * (boxes[:, 0] + boxes[:, 2])) / 2 + self.origin
        height, width = (abs(self.turn) * (boxes[:, i + 2] - boxes[:, i]) / 2 for i in (1, 0))
        sides = [middle.imag - width, middle.real - height, middle.imag + width, middle.real + height]
        return np.clip(np.rint(np.stack(sides, axis=1)), 0, [limits[1], limits[0]] * 2).astype(np.int64)


def make_frame(reference: Reference, grey: Array, size: tuple[int, int], placement: Placement) -> Frame:
    """Return the frame of a page. size: its (height, width) before it was reduced to `grey`."""
    shape, whole = (
        tuple(round(each * max(sides) / max(reference.size)) for each in reference.size) for sides in (grey.shape, size)
    )
    return Frame(grey, shape, whole, placement.turn, placement.origin * max(size))
