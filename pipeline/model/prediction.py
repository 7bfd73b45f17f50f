"""Predict with a model; the results are bit-identical for any batch size."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import Scaling, standardise
from pipeline.model.model import Model
from pipeline.network.architecture import micro_batch_size
from pipeline.network.losses import LOSSES, probabilities
from pipeline.network.network import infer, make_buffers

TILE = 128  # images in one matrix product, fewer for large images; see `_in_tiles`


def predict(model: Model, images: NDArray[np.uint8], first: int = 0) -> NDArray[np.float32]:
    """Return the probabilities (n, classes) of raw images (n, height, width).

    first: index of the first image if they are a block of a larger array. With single-threaded BLAS, the results are
    bit-identical for any division into blocks.
    """
    return _in_tiles(model, images, len(model.class_names), model.scaling, first=first)


def predict_with_negative(model: Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities (n, classes + 1) of raw images as in `predict`; the last column is for no class.

    It is 0 if the model has no reject class.
    """
    predicted = _in_tiles(model, images, model.outputs, model.scaling)
    return predicted if model.outputs > len(model.class_names) else np.pad(predicted, ((0, 0), (0, 1)))


def predict_logits(model: Model, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logits (n, classes) of standardised images (n, height, width)."""
    return _in_tiles(model, images, len(model.class_names), as_logits=True)


def _in_tiles(
    model: Model,
    images: NDArray[Any],
    outputs: int,
    scaling: Scaling | None = None,
    *,
    first: int = 0,
    as_logits: bool = False,
) -> NDArray[np.float32]:
    """Return the probabilities, or the logits, of the first outputs for one tile of images at a time: (n, outputs).

    scaling: of raw images; None if the images are standardised.

    The order in which BLAS sums a column may depend on its index and on the shape of the product. So image i of the
    larger array is always column i mod size of a product of `size` images, padded with zeros where necessary.
    """
    expected = np.float32 if scaling is None else np.uint8
    assert images.dtype == expected, f"{images.dtype} images, not {expected.__name__}"
    result = np.empty((len(images), outputs), np.float32)
    loss = LOSSES[model.loss]
    size = min(TILE, micro_batch_size(model.networks[0].layers))
    tile = np.zeros((size, *model.image_shape), np.float32)
    buffers = make_buffers(model.networks[0])
    end = first + len(images)
    for tile_start in range(first - first % size, end, size):
        start, stop = max(tile_start, first), min(tile_start + size, end)
        block, columns = images[start - first : stop - first], slice(start - tile_start, stop - tile_start)
        tile[columns] = block if scaling is None else standardise(block, scaling)
        tile[: columns.start] = 0
        tile[columns.stop :] = 0
        with np.errstate(over="ignore", invalid="ignore"):  # NaN in an image gives NaN in its predictions
            x = np.moveaxis(tile, 0, -1)
            logits = np.asarray(sum(infer(network, x, buffers) for network in model.networks))
            logits /= np.float32(model.ensemble_size)
            found = logits[:outputs] if as_logits else probabilities(logits[:outputs], loss, model.temperature)
            result[start - first : stop - first] = found.T[columns]
    return result
