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
from pipeline.network.losses import probabilities
from pipeline.network.network import Network, infer, make_buffers, make_network
from pipeline.network.training import Run, in_sequence
from pipeline.pictures.detections import Floats

PIXELS = 40_000  # of the tiles that pass through the network at a time


@dataclass(frozen=True, eq=False)
class Slider:
    """The networks of a model that slides over pictures, with their buffers. run: may use several threads."""

    model: Model
    run: Run = in_sequence
    _networks: dict[tuple[int, ...], Network] = field(default_factory=dict)  # for each size of tiles
    _buffers: dict[int, list[Buffers]] = field(default_factory=dict)  # of each thread

    @property
    def window(self) -> int:
        """Height and width, in pixels, of what the network sees at once."""
        return self.model.image_shape[0]

    @cached_property
    def step(self) -> int:
        """Pixels from one position to the next."""
        return math.prod(layer.stride for layer in self.model.networks[0].layers)

    def predict(self, contrast: Sequence[Floats], thread: int = 0) -> Floats:
        """Return the probabilities (n, rows, columns, classes + 1) at all positions of n tiles (height, width)."""
        (network,) = self.model.networks
        tiles = np.stack(contrast, axis=-1)
        height, width, _ = tiles.shape
        if (height, width) not in self._networks:
            layers = slide(network.layers, (height, width))
            self._networks[height, width] = make_network(layers, network.parameters.flat)
        moved = self._networks[height, width]
        if thread not in self._buffers:
            self._buffers[thread] = make_buffers(moved)
        logits = infer(moved, tiles, self._buffers[thread])
        predicted = probabilities(logits.reshape(len(logits), -1), self.model.loss).reshape(logits.shape)
        return np.asarray(predicted.transpose(3, 1, 2, 0))

    def predict_context(self, windows: Sequence[Floats]) -> Floats:
        """Return the probabilities (n, classes + 1) that the second network gives n windows (height, width)."""
        assert self.model.context
        (network,), loss = self.model.context.networks, self.model.context.loss
        count = max(1, PIXELS // windows[0].size)
        batches = [np.stack(windows[i : i + count], axis=-1) for i in range(0, len(windows), count)]
        logits = self.run(lambda i, thread: infer(network, batches[i], make_buffers(network)), len(batches))
        return np.concatenate([probabilities(each, loss).T for each in logits])

    def predict_all(self, tiles: Sequence[Floats]) -> list[Floats]:
        """Return the probabilities, (rows, columns, classes + 1), of each tile. All tiles have the same size."""
        count = max(1, PIXELS // max(tiles[0].size, 1)) if tiles else 1
        batches = [tiles[i : i + count] for i in range(0, len(tiles), count)]
        outputs = self.run(lambda i, thread: self.predict(batches[i], thread), len(batches))
        return [of_tile for output in outputs for of_tile in output]
