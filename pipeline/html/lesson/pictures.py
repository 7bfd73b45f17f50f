"""Pictures that the scenes of the lesson show: chosen for the network of the page, so that each has what it shows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.html.lesson.lessons import Lessons
from pipeline.html.wording import are_digits
from pipeline.model.excitation import measure_excitation
from pipeline.model.model import Model
from pipeline.model.prediction import predict_with_negative
from pipeline.network.layers import Convolution
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network

IMAGE_SHAPE = (28, 28)
MAX_POOL = 900  # pictures to choose from
EXCITING_PATCHES = 40  # of the training pictures that excite a shape most
SURE_DIGIT = 0.99  # probability of a digit that is read surely
TYPICAL = 12  # pictures of a digit that are most like the mean of all
TORN = 0.45  # probability of the right digit of a picture that is read as another
# Rubbing out is a disc, whose edge is soft over one more pixel. These are the rows and columns of its centre that are
# tried on the lower left of an 8, and where a hand that means the centre also rubs. See rub.js.
RADIUS = 2.2
RUB_ROWS, RUB_COLUMNS = range(14, 19, 2), range(10, 13, 2)
ASTRAY = ((0, 0), (1.2, 0), (-1.2, 0), (0, 1.2), (0, -1.2))
FRAGILE = 8  # eights that are tried

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """Pictures and shapes of the scenes.

    chosen: by name, an image, (28, 28), and its class. ring: column and row of the part of "rub" that makes it a 3 once
    it is rubbed out, the centre of a disc. excited: for each map of the second layer with kernels, the index of
    its EXCITING_PATCHES training images with the largest activations, times the number of positions, plus the
    position of the peak, uint32 (maps, EXCITING_PATCHES).
    """

    chosen: dict[str, tuple[Image, int]]
    ring: tuple[int, int]
    excited: NDArray[np.uint32]


def can_teach(model: Model) -> bool:
    """Return whether the scenes can be shown with a model.

    They need digits, ReLU and two layers of maps, of which the second adds nothing to its sums.
    """
    maps = [layer for layer in model.networks[0].layers if isinstance(layer, Convolution)]
    has_sums = len(maps) > 1 and not maps[1].residual and model.activation == "relu"
    is_linear = LOSSES[model.loss].has_linear_logits
    return has_sums and is_linear and are_digits(model.class_names) and model.image_shape == IMAGE_SHAPE


def choose_pictures(
    model: Model, images: Image, labels: NDArray[np.integer[Any]], lessons: Lessons | None
) -> Pictures | None:
    """Return the pictures of the scenes; None without lessons, for another kind of model, or if a digit is missing.

    images, labels: test images, (n, 28, 28), and their classes, from which pictures are chosen besides the lessons.
    """
    if lessons is None or not can_teach(model):
        return None
    first = replace(model, parameters=model.parameters[:1])  # the network of the page
    images = np.concatenate([images, lessons.images])[:MAX_POOL]
    labels = np.concatenate([labels, lessons.labels])[:MAX_POOL]
    probabilities = predict_with_negative(first, images)
    own, read = probabilities[np.arange(len(labels)), labels], probabilities.argmax(axis=1)
    is_right = (read == labels) & (own > SURE_DIGIT)
    fours, threes, eights = (_rank_typical(images, np.flatnonzero(is_right & (labels == digit))) for digit in (4, 3, 8))
    wrong = np.flatnonzero((read != labels) & (read < len(model.class_names)))
    if min(map(len, (fours, threes, eights, wrong))) == 0:
        return None
    fragile, ring = _find_fragile(first, images[eights[:FRAGILE]])
    indices = {
        "stroke": fours[_find_vertical(images[fours[:TYPICAL]])],
        "sure": min(threes[:TYPICAL], key=lambda index: int(images[index].sum())),  # the thinnest: its parts are seen
        "torn": wrong[np.argmin(np.abs(own[wrong] - TORN))],
        "wrong": wrong[np.argmin(own[wrong])],
        "rub": eights[fragile],
    }
    chosen = {name: (images[index], int(labels[index])) for name, index in indices.items()}
    return Pictures(chosen, ring, _rank_excitation(model, lessons.images))


def _find_vertical(images: Image) -> int:
    """Return the index of the image in which 5 rows of 3 full and 2 empty columns differ most."""
    ink = images / 255
    windows = np.lib.stride_tricks.sliding_window_view(ink, (5, 5), axis=(1, 2))
    middle, sides = windows[..., 2].sum(axis=-1), windows[..., [0, 4]].sum(axis=(-2, -1)) / 2
    return int(np.argmax((middle - sides).max(axis=(1, 2))))


def _rank_typical(images: Image, indices: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the indices of images, the one most similar to the mean of all first (by the cosine)."""
    if len(indices) == 0:
        return indices
    ink = images[indices].reshape(len(indices), -1) / 255
    similarity = ink @ ink.mean(axis=0) / np.linalg.norm(ink, axis=1)
    return indices[np.argsort(-similarity, kind="stable")]


def _find_fragile(model: Model, eights: Image) -> tuple[int, tuple[int, int]]:
    """Return the index of an 8, and the column and row of its part that makes it a 3 most dependably once rubbed out.

    It is a 3 whether a disc is rubbed out in that place, a little beside it, or along the way between these.
    """
    centres = [(row, column) for row in RUB_ROWS for column in RUB_COLUMNS]
    kept = np.stack([_rub_out(*centre) for centre in centres])  # (centres, ways, h, w)
    rubbed = (eights[:, None, None] * kept).astype(np.uint8)
    threes = predict_with_negative(model, rubbed.reshape(-1, *IMAGE_SHAPE))[:, 3].reshape(rubbed.shape[:3])
    index, best = np.unravel_index(threes.min(axis=2).argmax(), rubbed.shape[:2])
    row, column = centres[best]
    return int(index), (column, row)


def _rub_out(row: int, column: int) -> NDArray[np.floating[Any]]:
    """Return the share of ink that is kept by a disc in each place of ASTRAY, and by all of them, (ways, 28, 28)."""
    y, x = np.indices(IMAGE_SHAPE) + 0.5
    discs = [np.clip(np.hypot(y - row - down, x - column - right) - RADIUS, 0, 1) for down, right in ASTRAY]
    return np.stack([*discs, np.prod(discs, axis=0)])


def _rank_excitation(model: Model, images: Image) -> NDArray[np.uint32]:
    """Return `Pictures.excited`."""
    _, excitation, *_ = measure_excitation(model, images)
    best = np.argsort(-excitation.peaks, axis=1, kind="stable")[:, :EXCITING_PATCHES]
    network: Network = model.networks[0]
    _, rows, columns = network.layers[excitation.layer - 1].output_shape
    positions = np.take_along_axis(excitation.rows * columns + excitation.columns, best, axis=1)
    return (best * rows * columns + positions).astype(np.uint32)
