"""Predictions of a model; the bits do not depend on how many images are predicted at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.model.files import Model
from pipeline.network.layers import Scratch
from pipeline.network.losses import probabilities
from pipeline.network.network import forward, make_scratch
from pipeline.training.architecture import images_per_part

TILE = 128  # images in one matrix product, fewer if they are large; see `_in_tiles`


def compute_logits(
    model: Model, images: NDArray[np.float32], scratch: list[Scratch] | None = None
) -> NDArray[np.float32]:
    """The mean of the logits of the model's networks, (classes, n), for standardised images (height, width, n).

    scratch: memory that the networks use one after the other.
    """
    total = np.zeros((len(model.class_names), images.shape[-1]), np.float32)
    for network in model.networks:
        total += forward(network, images, scratch).logits
    total /= np.float32(len(model.networks))
    return total


def predict(model: Model, images: NDArray[Any], first: int = 0) -> NDArray[np.float32]:
    """The probabilities (n, classes) of images (n, height, width), which begin at index `first` of a larger array.

    images: raw, uint8, or standardised, float32; both give the same bits, also however the larger array is cut into
    blocks (with single-threaded BLAS).
    """
    return _in_tiles(model, images, first, lambda logits: probabilities(logits, model.loss, model.temperature))


def predict_logits(model: Model, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """The logits (n, classes) of standardised images (n, height, width)."""
    return _in_tiles(model, images, 0, lambda logits: logits)


def _in_tiles(
    model: Model, images: NDArray[Any], first: int, finish: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Apply `finish` to the logits of a tile of images at a time: (n, classes).

    Image r of the larger array is always column r mod size of a product of `size` images, the others zero where
    necessary. BLAS may add up a column differently elsewhere in a product of another shape. Here neither place nor
    shape depends on the blocks, so no bit does.
    """
    result = np.empty((len(images), len(model.class_names)), np.float32)
    size = min(TILE, images_per_part(model.networks[0].layers, 4))
    tile = np.zeros((size, *model.image_shape), np.float32)
    scratch = make_scratch(model.networks[0])
    end = first + len(images)
    for start in range(first - first % size, end, size):
        begin, stop = max(start, first), min(start + size, end)
        some = images[begin - first : stop - first]
        tile[begin - start : stop - start] = standardise(some, model.scaling) if images.dtype == np.uint8 else some
        tile[: begin - start] = 0
        tile[stop - start :] = 0
        with np.errstate(over="ignore", invalid="ignore"):  # images with NaN have predictions with NaN
            columns = finish(compute_logits(model, np.moveaxis(tile, 0, -1), scratch))
        result[begin - first : stop - first] = columns.T[begin - start : stop - start]
    return result
