"""What a model says of images, the same to the last bit however many are asked about at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.losses import probabilities
from pipeline.network.mlp import Workspace, forward, make_workspace
from pipeline.network.model import Model

TILE = 512  # rows that one matrix product works on; see `_in_tiles`


def compute_logits(model: Model, rows: NDArray[np.float32], workspace: Workspace | None = None) -> NDArray[np.float32]:
    """What the model says of standardised rows of pixels: the mean of its members' logits, (n, c).

    The mean of several networks' logits is itself the logits of one network, whose hidden layers are theirs side by
    side. workspace: of n rows, where each member works in turn.
    """
    activation = ACTIVATIONS[model.activation]
    total = np.zeros((len(rows), len(model.class_names)), np.float32)
    for layers in model.members:
        total += forward(layers, rows, activation, workspace)[-1]
    total /= np.float32(len(model.members))
    return total


def predict(model: Model, images: NDArray[Any], first: int = 0) -> NDArray[np.float32]:
    """The probabilities, (n, c), of images, (n, h, w), that begin at row `first` of a whole.

    images: raw, uint8, or standardised, float32, which is answered alike. The answers are the same to the last bit
    however the whole is cut into blocks (with one thread for BLAS).
    """
    return _in_tiles(model, images, first, lambda logits: probabilities(logits, model.cost, model.temperature))


def predict_logits(model: Model, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """The logits, (n, c), of standardised images, (n, h, w), as they are behind what `predict` says."""
    return _in_tiles(model, images, 0, lambda logits: logits)


def _in_tiles(
    model: Model,
    images: NDArray[Any],
    first: int,
    answer: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """What `answer` makes of the logits of images that begin at row `first` of a whole, (n, c), TILE rows at a time.

    Row r of the whole is always computed in row r mod TILE of a product with TILE rows, the rest of them zero
    where needed. BLAS may add up a row differently in another place of another shape; here place and shape
    never change, so neither does a bit, however the whole is cut into blocks.
    """
    rows = images.reshape(len(images), model.sizes[0])
    result = np.empty((len(rows), len(model.class_names)), np.float32)
    tile = np.zeros((TILE, rows.shape[1]), np.float32)
    workspace = make_workspace(model.sizes, TILE)
    end = first + len(rows)
    for corner in range(first - first % TILE, end, TILE):
        begin, stop = max(corner, first), min(corner + TILE, end)
        some = rows[begin - first : stop - first]
        tile[begin - corner : stop - corner] = standardise(some, model.scaling) if rows.dtype == np.uint8 else some
        tile[: begin - corner] = 0
        tile[stop - corner :] = 0
        with np.errstate(over="ignore", invalid="ignore"):  # of images that are no numbers; so are the answers
            answers = answer(compute_logits(model, tile, workspace))
        result[begin - first : stop - first] = answers[begin - corner : stop - corner]
    return result
