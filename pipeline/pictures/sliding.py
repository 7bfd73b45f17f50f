"""Slide a network over tiles of a picture: at each position it predicts which digit is centred there, if any.

A dense layer is a convolution whose kernel covers its input, so the same parameters serve for an input of any size
(LeCun, Bottou, Bengio & Haffner 1998, section VII; Sermanet et al. 2014).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from pipeline.model.model import Model
from pipeline.network.architecture import slide
from pipeline.network.buffers import Buffers
from pipeline.network.gradient_descent import Run, in_sequence
from pipeline.network.losses import probabilities
from pipeline.network.network import infer, make_buffers, make_network
from pipeline.pictures.detections import Floats

PIXELS = 40_000  # of the tiles that pass through the network at a time


@dataclass(frozen=True, eq=False)
class Slider:
    """The network of a model that slides over pictures, with their buffers. run: may use several threads."""

    model: Model
    run: Run = in_sequence
    # Of each thread, since they cost a third of the time.
    _buffers: dict[int, list[Buffers]] = field(default_factory=dict)

    @cached_property
    def step(self) -> int:
        """Pixels from one position to the next."""
        return math.prod(layer.stride[0] for layer in self.model.networks[0].layers)

    def predict(self, contrast: Sequence[Floats], thread: int = 0) -> Floats:
        """Return the probabilities (n, rows, columns, classes + 1) at all positions of n tiles (height, width)."""
        (network,) = self.model.networks
        tiles = np.stack(contrast, axis=-1)
        height, width, _ = tiles.shape
        moved = make_network(slide(network.layers, (height, width)), network.parameters.flat)
        logits = infer(moved, tiles, self._buffers.setdefault(thread, make_buffers(moved)))
        predicted = probabilities(logits.reshape(len(logits), -1), self.model.loss).reshape(logits.shape)
        return np.asarray(predicted.transpose(3, 1, 2, 0))

    def predict_all(self, tiles: Sequence[Floats]) -> Floats:
        """Return what `predict` returns, for any number of tiles of one size; several threads may share them."""
        count = max(1, PIXELS // tiles[0].size) if tiles else 1
        batches = [tiles[i : i + count] for i in range(0, len(tiles), count)]
        parts = self.run(lambda i, thread: self.predict(batches[i], thread), len(batches))
        return np.concatenate(parts) if parts else np.zeros((0, self.model.outputs), np.float32)
