"""The patches of a map: what a kernel covers at each of its positions, without padding."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pipeline.network.activations import Array


def count_positions(input_shape: tuple[int, ...], kernel: int, stride: int) -> tuple[int, int]:
    """Return the rows and columns of positions of a kernel without padding: floor((size - kernel) / stride) + 1."""
    _, height, width = input_shape
    return (height - kernel) // stride + 1, (width - kernel) // stride + 1


def shifted_views(x: Array, kernel: int, stride: int) -> list[Array]:
    """Return for each entry of the kernel, row by row, the inputs under it at all positions: views of x.

    x: (channels, height, width, n). Each view: (channels, rows, columns, n).
    """
    rows, columns = count_positions(x.shape[:3], kernel, stride)
    return [
        x[:, i : i + stride * (rows - 1) + 1 : stride, j : j + stride * (columns - 1) + 1 : stride]
        for i, j in np.ndindex(kernel, kernel)
    ]


def view_patches(x: Array, kernel: int, stride: int, copies: Array) -> Array:
    """Return the patches of each row of positions, (rows, fan_in, columns * n), as views of `copies`.

    The fan_in entries of a patch are in the order (kernel, kernel, channels). x: (channels, height, width, n).
    copies: (height, kernel, channels, columns, n), which receives each row of x once for every column of the kernel.
    A patch covers `kernel` of these rows, which are one run of memory, and the patches of the next row of positions
    begin `stride` rows later. So x is copied kernel times instead of kernel * kernel.
    """
    windows = sliding_window_view(x, kernel, axis=2)[:, :, ::stride]
    np.copyto(copies, windows.transpose(1, 4, 0, 2, 3))
    *_, columns, n = copies.shape
    row = copies[0].size
    patches = sliding_window_view(copies.reshape(-1), kernel * row)[:: stride * row]
    return patches.reshape(len(patches), -1, columns * n)
