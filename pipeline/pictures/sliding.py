"""Find digits by sliding a network over a picture: at each position it predicts which digit is centred there, if any.

The network was trained on digits of one size, so it is slid over a pyramid: the picture at several sizes. First at one
position in every few pixels; then, where it may have found a digit, at more positions and sizes, whose mean is more
accurate.  (LeCun, Bottou, Bengio & Haffner 1998, section VII; Sermanet et al. 2014)
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.contrast import BOX, add_margin, local_contrast
from pipeline.model.files import Model
from pipeline.network.architecture import slide
from pipeline.network.buffers import Buffers
from pipeline.network.losses import probabilities
from pipeline.network.network import infer, make_buffers, make_network
from pipeline.network.training import Run, in_sequence
from pipeline.training.positions import SIZES

Floats = NDArray[np.float32]

STEP = math.sqrt(2)  # ratio of neighbouring levels of the pyramid
SMALLEST = 1 / 50, 12  # longer side of a digit, relative to that of the picture, and in pixels
WIDEST = 1.6  # longer side of a digit, relative to the shorter side of the picture
MARGIN = 3  # pixels around the picture, in addition to half a window
CELLS = 16  # positions of a tile along each axis
TILES = 4  # that pass through the network at a time
FLAT = 0.8  # local contrast up to which a tile is blank
POSSIBLE = 0.05  # probability of a digit from which a position is looked at more closely
SURE = 0.9  # probability from which a digit is certain enough to stop looking for far smaller ones
FAR_SMALLER = 1 / 4  # size of a digit relative to the largest one
ACROSS, ALONG = 0.34, 0.6  # distance in sizes, horizontal and vertical, within which there is only one digit
NEAR = 0.25  # distance in sizes within which positions belong to one digit
# Positions and sizes of a closer look: pixels down and to the right, and a factor on the window.
VIEWS = [(y, x, s) for s in (0.88, 1.0, 1.13) for y, x in ((0, 0), (-2, 0), (2, 0), (0, -2), (0, 2))]
MAX_CANDIDATES, MAX_DIGITS = 3000, 200  # of a picture


@dataclass(frozen=True, eq=False)
class Detections:
    """Digits found in a picture.

    y, x, size: centre and longer side in pixels, (k,). probabilities: of the classes and of nothing, (k, classes + 1).
    """

    y: Floats
    x: Floats
    size: Floats
    probabilities: Floats

    def __len__(self) -> int:
        return len(self.y)

    @property
    def scores(self) -> Floats:
        """Probability of being a digit."""
        return np.asarray(1 - self.probabilities[:, -1])

    def take(self, indices: NDArray[np.integer[Any]] | slice) -> Self:
        """Return some of them."""
        return type(self)(*(getattr(self, field.name)[indices] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Level:
    """A picture at one size: its local contrast, with a margin. scale: its pixels for each pixel of the picture."""

    contrast: Floats
    scale: float
    margin: int


@dataclass(frozen=True, eq=False)
class Slider:
    """A network to slide over pictures. run: may use several threads."""

    model: Model
    run: Run = in_sequence
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
        moved = make_network(slide(network.layers, (height, width)), network.parameters.flat)
        logits = infer(moved, tiles, self._buffers.setdefault(thread, make_buffers(moved)))
        predicted = probabilities(logits.reshape(len(logits), -1), self.model.loss).reshape(logits.shape)
        return np.asarray(predicted.transpose(3, 1, 2, 0))


def detect(model: Model, grey: Floats, run: Run = in_sequence) -> Detections:
    """Return what may be digits in a picture, grey levels (h, w), each once, the most probable first.

    Digits less than FAR_SMALLER as large as the largest one are not looked for. run: may use several threads.
    """
    found: list[Detections] = []
    largest, slider = 0.0, Slider(model, run)
    for level in build_pyramid(grey, slider.window):
        size = BOX / level.scale
        if size < FAR_SMALLER * largest:
            break
        candidates = find_candidates(slider, level)
        closer = look_closer(slider, level, centre(candidates, suppress(candidates)[:MAX_DIGITS]))
        if (closer.scores > SURE).any():
            largest = max(largest, size)
        found.append(closer)
    together = join(found)
    return together.take(suppress(together)[:MAX_DIGITS])


def build_pyramid(grey: Floats, window: int) -> Iterator[Level]:
    """Yield the picture in sizes at which digits of all sizes are BOX pixels high, from the largest digits on."""
    height, width = grey.shape
    size = min(max(height, width), WIDEST * min(height, width))
    smallest = max(SMALLEST[0] * max(height, width), SMALLEST[1])
    margin = window // 2 + MARGIN
    image = Image.fromarray(grey)
    while size * STEP * SIZES[0] > smallest:  # the level before shows none so small
        scale = BOX / size
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(image.resize(shape, Image.Resampling.BILINEAR))
        yield Level(local_contrast(add_margin(small, margin, margin, margin, margin)), scale, margin)
        size /= STEP


def join(parts: Sequence[Detections]) -> Detections:
    """Return all detections of several sets, at least one."""
    return Detections(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Detections)))


def find_candidates(slider: Slider, level: Level) -> Detections:
    """Return the positions of a level at which a digit may be centred.

    The level is cut into tiles, with as many positions each, which overlap by a window. Blank tiles are left out.
    """
    window, step = slider.window, slider.step
    counts = [max(1, (side - window) // step + 1) for side in level.contrast.shape]
    cells = [min(CELLS, count) for count in counts]
    whole = [-(-count // each) * each for count, each in zip(counts, cells, strict=True)]
    padding = [
        max(0, (count - 1) * step + window - side) for count, side in zip(whole, level.contrast.shape, strict=True)
    ]
    contrast = np.pad(level.contrast, [(0, each) for each in padding])
    tall, wide = ((each - 1) * step + window for each in cells)
    corners = [(y, x) for y in range(0, whole[0], cells[0]) for x in range(0, whole[1], cells[1])]
    tiles = [contrast[y * step : y * step + tall, x * step : x * step + wide] for y, x in corners]
    inked = [i for i, tile in enumerate(tiles) if max(tile.max(), -tile.min()) > FLAT]
    batches = [inked[i : i + TILES] for i in range(0, len(inked), TILES)]
    outputs = slider.run(lambda i, thread: slider.predict([tiles[j] for j in batches[i]], thread), len(batches))
    predicted = np.zeros((*whole, len(slider.model.class_names) + 1), np.float32)
    predicted[..., -1] = 1
    for batch, output in zip(batches, outputs, strict=True):
        for i, of_tile in zip(batch, output, strict=True):
            top, left = corners[i]
            predicted[top : top + cells[0], left : left + cells[1]] = of_tile
    cell_y, cell_x = np.nonzero(predicted[: counts[0], : counts[1], -1] < 1 - POSSIBLE)
    centres = (np.stack([cell_y, cell_x]) * step + (window - 1) / 2 - level.margin) / level.scale
    size = np.full(len(cell_y), BOX / level.scale, np.float32)
    y, x = centres.astype(np.float32)
    return Detections(y, x, size, predicted[cell_y, cell_x])


def centre(found: Detections, kept: NDArray[np.intp]) -> Detections:
    """Return the digits with the indices `kept`, each at the mean of the positions around it, weighted by scores."""
    digits = found.take(kept)
    near = (np.abs(found.y - digits.y[:, np.newaxis]) < NEAR * digits.size[:, np.newaxis]) & (
        np.abs(found.x - digits.x[:, np.newaxis]) < NEAR * digits.size[:, np.newaxis]
    )
    weights = near * found.scores
    weights /= weights.sum(axis=1, keepdims=True)
    return replace(digits, y=weights @ found.y, x=weights @ found.x)


def look_closer(slider: Slider, level: Level, found: Detections) -> Detections:
    """Predict each digit of a level again, at several positions and sizes around it; return the means."""
    window, image = slider.window, Image.fromarray(level.contrast)

    def look(i: int, thread: int) -> Floats:
        y, x = (at[i] * level.scale + level.margin + 0.5 for at in (found.y, found.x))
        views = []
        for down, right, scale in VIEWS:
            top, left = y + down - scale * window / 2, x + right - scale * window / 2
            moved = (scale, 0, left, 0, scale, top)
            views.append(image.transform((window, window), Image.Transform.AFFINE, moved, Image.Resampling.BILINEAR))
        predicted = slider.predict([np.asarray(view) for view in views], thread)
        return np.asarray(predicted.mean(axis=(0, 1, 2)))

    means = np.array(slider.run(look, len(found)), np.float32).reshape(found.probabilities.shape)
    return Detections(found.y, found.x, found.size, means)


def suppress(found: Detections) -> NDArray[np.intp]:
    """Return the indices of the most probable digits, without those that overlap a more probable one."""
    kept: list[int] = []
    for i in np.argsort(-found.scores, kind="stable")[:MAX_CANDIDATES].tolist():
        size = np.maximum(found.size[i], found.size[kept])
        across, along = np.abs(found.x[kept] - found.x[i]) / size, np.abs(found.y[kept] - found.y[i]) / size
        if not ((across < ACROSS) & (along < ALONG)).any():
            kept.append(i)
    return np.array(kept, np.intp)
