"""The patches of a map: what a kernel covers at each of its positions."""

import functools
from dataclasses import dataclass
from itertools import product

import numpy as np

from pipeline.engine.float_arrays import Array

Slices = tuple[slice, slice, slice]  # of an array (channels, rows, columns, n)


@dataclass(frozen=True)
class Steps:
    """The positions of a kernel along one axis of a map.

    size: pixels of the map along the axis. kernel: entries of the kernel along the axis, which lie `dilation` pixels
    apart. stride: pixels from one position to the next. padding: zeros that are added before and after the map.
    """

    size: int
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        """The pixels from the first entry of the kernel to the last."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def count(self) -> int:
        """The number of positions; less than 1 if the kernel is larger than the map with its padding."""
        return (self.size + 2 * self.padding - self.reach) // self.stride + 1

    def under(self, entry: int) -> tuple[slice, slice]:
        """Return the positions at which an entry of the kernel is on the map, not its padding, and its pixels there.

        The first entry of a kernel of 3 is on the padding at position 0, so it sees pixels 0 to 3 at positions 1 to 4:

        >>> Steps(size=5, kernel=3, padding=1).under(0)
        (slice(1, 5, None), slice(0, 4, 1))
        >>> Steps(size=5, kernel=3, stride=2).count
        2
        """
        offset = entry * self.dilation - self.padding
        first = max(0, -(offset // self.stride))
        end = max(first, min(self.count, (self.size - 1 - offset) // self.stride + 1))
        start = offset + self.stride * first
        return slice(first, end), slice(start, start + self.stride * (end - first), self.stride)


@functools.lru_cache
def entries_under(rows: Steps, columns: Steps) -> tuple[tuple[Slices, Slices], ...]:
    """Return what `Steps.under` does for each entry of a kernel, row by row, as indices of maps."""
    whole = slice(None)
    pairs = product(*([axis.under(entry) for entry in range(axis.kernel)] for axis in (rows, columns)))
    return tuple(((whole, down, along), (whole, top, left)) for (down, top), (along, left) in pairs)


def view_patches(x: Array, rows: Steps, columns: Steps, copies: Array) -> Array:
    """Return the patches of each row of positions, (rows, fan_in, columns * n), as views of `copies`.

    The fan_in entries of a patch are in the order (kernel, kernel, channels). x: (channels, height, width, n). copies:
    (height with padding, columns of the kernel, channels, columns, n); it receives each row of x once for every column
    of the kernel. A patch covers as many of these rows as the kernel has, which are one run of memory, and the patches
    of the next row of positions begin `stride` rows later. So x is copied once for every column of the kernel instead
    of once for every entry.
    """
    first, end = rows.padding, rows.padding + rows.size
    copies[:first] = 0
    copies[end:] = 0
    for entry in range(columns.kernel):
        positions, pixels = columns.under(entry)
        copied = copies[first:end, entry]
        copied[:, :, : positions.start] = 0
        copied[:, :, positions] = x[:, :, pixels].swapaxes(0, 1)
        copied[:, :, positions.stop :] = 0
    *_, width, n = copies.shape
    shape = rows.count, rows.kernel * columns.kernel * len(x), width * n
    row, _, entry, _, pixel = copies.strides
    return np.ndarray(shape, copies.dtype, copies, strides=(rows.stride * row, entry, pixel))
