"""Memory that the passes of a layer reuse."""

import math

import numpy as np
from numpy.typing import DTypeLike

from pipeline.network.activations import Array


class Buffers:
    """Reusable buffers of one layer, so that a training step allocates almost no memory."""

    def __init__(self, dtype: DTypeLike = np.float32) -> None:
        self._dtype = np.dtype(dtype)
        self._buffers: dict[str, Array] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}  # of those from `zeros`

    def array(self, name: str, *shape: int) -> Array:
        """Return a contiguous array of arbitrary values, valid until the next call with this name."""
        size = math.prod(shape)
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = np.empty(size, self._dtype)
        return self._buffers[name][:size].reshape(shape)

    def zeros(self, name: str, *shape: int) -> Array:
        """Return an array that is 0 where nothing was written since the last call with this name and another shape."""
        array = self.array(name, *shape)
        if self._shapes.get(name) != shape:
            array.fill(0)
            self._shapes[name] = shape
        return array
