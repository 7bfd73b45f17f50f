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

    def array(self, name: str, *shape: int) -> Array:
        """Return a contiguous array of arbitrary values, valid until the next call with this name."""
        size = math.prod(shape)
        if name not in self._buffers or self._buffers[name].size < size:
            self._buffers[name] = np.empty(size, self._dtype)
        return self._buffers[name][:size].reshape(shape)
