"""Find where digits may be: positions of a picture at which the detector sees one.

The network was trained on digits of one size, so it is slid over a pyramid: the picture at several sizes. At each
position it predicts which digit is centred there, if any. Its answer is only a proposal, since it sees little more than
the digit itself: the second network reads the row in which a digit may be. Hence all levels are searched, and a
position competes only with those of like size: what the detector takes for a large digit hides no small one.

A dense layer is a convolution whose kernel covers its input, so the same parameters serve for an input of any size
(LeCun, Bottou, Bengio & Haffner 1998, section VII; Sermanet et al. 2014).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.model.model import Detector
from pipeline.network.architecture import slide
from pipeline.network.layer import Buffers
from pipeline.network.losses import LOSSES, probabilities
from pipeline.network.network import infer, make_buffers, make_network
from pipeline.network.thread_pool import Run, in_sequence
from pipeline.pictures.contrast import BOX, add_margin, local_contrast
from pipeline.pictures.smoothing import box_mean, largest_around

Pixels = NDArray[np.float32]
# (4, k): y and x of the centres and longer sides, in pixels; probabilities of a digit of any class.
Proposals = NDArray[np.float32]

# From the geometry of the network and of pictures.
PYRAMID_STEP = math.sqrt(2)  # ratio of neighbouring levels of the pyramid
READABLE_SIZES = 0.75, 1.25  # sizes of digits that a level shows well enough for a proposal, relative to BOX
SMALLEST_SHARE = 1 / 110  # longer side of a digit relative to that of the picture, as on an ordinary A4 page
SMALLEST_PIXELS = 12  # longer side of a digit
LONGEST = 8  # ratio of the sides of a picture from which it is a strip, with digits as high as it allows
WIDEST = 1.6  # width of a digit, at most, relative to the height of the picture: a 1 may be cropped tightly
PICTURE_MARGIN = 3  # pixels around the picture, in addition to half a window
PEAK_WINDOW = 3  # pixels: side of the square whose mean contrast tells ink from noise
# Bounds of time and memory.
CELLS = 32  # positions of a tile along each axis, at most
BATCH_PIXELS = 110_000  # of the tiles that pass through the network at a time
MOST_FOUND = 20_000  # positions that are considered: a page has hundreds, unless a model finds digits everywhere
# From reading pictures that were generated from validation images.
FLAT = 0.65  # mean local contrast up to which a tile is blank: noise hardly has it
POSSIBLE_DIGIT = 0.1  # probability of a digit from which a row may lead through a position
LIKE = 2.1  # ratio of sizes up to which digits are of like size; others do not suppress each other
ONE_DIGIT_ACROSS = 0.28  # horizontal distance in sizes within which there is one digit of like size
ONE_DIGIT_DOWN = 0.6  # the same, vertical
SAME_PLACE = 0.25  # distance in sizes within which positions belong to one digit
SAME_SIZE = 0.5  # the same, in the logarithm of sizes


@dataclass(frozen=True, eq=False)
class Level:
    """A picture at one size, grey levels (h, w). scale: the number of its pixels for each pixel of the picture."""

    grey: Pixels
    scale: float

    @cached_property
    def padded(self) -> Pixels:
        """The grey levels with a margin of one pixel, in which the paper continues."""
        return add_margin(self.grey, 1, 1, 1, 1)


@dataclass(frozen=True, eq=False)
class Slider:
    """The network of a detector, with the buffers of its layers. run: may use several threads."""

    model: Detector
    run: Run = in_sequence
    # Of each thread, since they cost a third of the time.
    _buffers: dict[int, list[Buffers]] = field(default_factory=dict)

    @cached_property
    def step(self) -> int:
        """Pixels from one position to the next."""
        return math.prod(layer.stride[0] for layer in self.model.networks[0].layers)

    def predict(self, tiles: Sequence[Pixels]) -> NDArray[np.float32]:
        """Return the probabilities (n, rows, columns, classes + 1) at all positions of n tiles, all (height, width)."""
        if not tiles:
            return np.zeros((0, 0, 0, self.model.outputs), np.float32)
        (network,), (height, width) = self.model.networks, tiles[0].shape
        moved = make_network(slide(network.layers, (height, width)), network.parameters.flat)
        count = max(1, BATCH_PIXELS // tiles[0].size)

        def predict_batch(number: int, thread: int) -> NDArray[np.float32]:
            batch = np.stack(tiles[number * count : (number + 1) * count], axis=-1)
            logits = infer(moved, batch, self._buffers.setdefault(thread, make_buffers(moved)))
            predicted = probabilities(logits.reshape(len(logits), -1), LOSSES[self.model.loss]).reshape(logits.shape)
            return np.asarray(predicted.transpose(3, 1, 2, 0))

        return np.concatenate(self.run(predict_batch, -(-len(tiles) // count)))


def search(slider: Slider, grey: Pixels) -> tuple[list[Level], Proposals]:
    """Return the levels of a picture, grey levels (h, w), and where digits may be, the most probable first."""
    levels = [*build_pyramid(grey)]
    found, peaks = zip(*(find_candidates(slider, level) for level in levels), strict=True)
    return levels, centre(*select_digits(np.concatenate(found, axis=1), np.concatenate(peaks)))


def select_digits(found: Proposals, peaks: NDArray[np.bool_]) -> tuple[Proposals, NDArray[np.intp]]:
    """Return the MOST_FOUND most probable positions, and which of them are digits, as `suppress` does."""
    if len(peaks) > MOST_FOUND:
        most = np.argsort(-found[3], kind="stable")[:MOST_FOUND]
        found, peaks = found[:, most], peaks[most]
    return found, suppress(found, peaks)


def build_pyramid(grey: Pixels) -> Iterator[Level]:
    """Yield the picture in sizes at which digits of all sizes are BOX pixels high, from the largest digits on."""
    height, width = grey.shape
    largest = max(height, min(width, WIDEST * height))
    side = min(max(height, width), LONGEST * min(height, width))
    finest = max(SMALLEST_SHARE * side, SMALLEST_PIXELS) / READABLE_SIZES[0]
    image = Image.fromarray(grey)
    for number in range(max(0, math.ceil(math.log(largest / finest / READABLE_SIZES[1], PYRAMID_STEP))), -1, -1):
        scale = BOX / (finest * PYRAMID_STEP**number)
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        yield Level(np.asarray(image.resize(shape, Image.Resampling.BILINEAR)), scale)


def find_candidates(slider: Slider, level: Level) -> tuple[Proposals, NDArray[np.bool_]]:
    """Return the positions of a level at which a digit may be centred, and which of them are peaks, (k,).

    No neighbour of a peak is more probable. The level is cut into tiles with as many positions each, which overlap by a
    window. Blank tiles are left out.
    """
    (window, _), step = slider.model.image_shape, slider.step
    margin = window // 2 + PICTURE_MARGIN
    inner = local_contrast(add_margin(level.grey, margin, margin, margin, margin))
    counts = [max(1, (side - window) // step + 1) for side in inner.shape]
    cells = [-(-count // -(-count // CELLS)) for count in counts]  # so that few lie beyond the last row and column
    tall, wide = (window + step * (count - 1) for count in cells)
    contrast = np.pad(inner, ((0, tall), (0, wide)))
    corners = (range(0, step * count, step * cell) for count, cell in zip(counts, cells, strict=True))
    tiles = {(y, x): contrast[y:, x:][:tall, :wide] for y, x in itertools.product(*corners)}
    ink = np.abs(box_mean(contrast, PEAK_WINDOW))
    inked = {(y, x): tile for (y, x), tile in tiles.items() if ink[y : y + tall, x : x + wide].max() > FLAT}
    predicted = slider.predict(list(inked.values()))
    scores = 1 - predicted[..., -1]
    possible = scores > POSSIBLE_DIGIT
    peaks = scores == largest_around(scores)  # one at the edge of a tile may be none
    tile, *cell = np.nonzero(possible)
    starts = np.array([*inked], int).reshape(-1, 2)[tile].T
    y, x = (
        ((start + step * at + window / 2 - margin) / level.scale).astype(np.float32)
        for start, at in zip(starts, cell, strict=True)
    )
    return np.stack([y, x, np.full(len(tile), BOX / level.scale, np.float32), scores[possible]]), peaks[possible]


def centre(found: Proposals, kept: NDArray[np.intp]) -> Proposals:
    """Return the digits with the indices `kept`, each at the mean place and of the mean size of the detections there.

    The probabilities are the weights of these means, and the mean size is the geometric mean.
    """
    y, x, size, scores = found
    places, centred = np.stack([y, x, np.log(size)]), np.take(found, kept, axis=1)
    for number, i in enumerate(kept.tolist()):
        down, along, larger = np.abs(places - places[:, i : i + 1])
        near = (np.maximum(down, along) < SAME_PLACE * size[i]) & (larger < SAME_SIZE)
        centred[:3, number] = np.average(places[:, near], axis=1, weights=scores[near])
    np.exp(centred[2], out=centred[2])
    return centred


def suppress(found: Proposals, peaks: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the indices of the most probable digits, of which none overlaps a more probable one of like size.

    peaks: which of the positions are considered, (k,).
    """
    y, x, sizes, scores = found
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        if not peaks[i]:
            continue
        size = np.maximum(sizes[i], sizes[kept])
        across, down = np.abs(x[kept] - x[i]) / size, np.abs(y[kept] - y[i]) / size
        like = size < LIKE * np.minimum(sizes[i], sizes[kept])
        if not (like & (across < ONE_DIGIT_ACROSS) & (down < ONE_DIGIT_DOWN)).any():
            kept.append(i)
    return np.array(kept, np.intp)


def choose_level(levels: Sequence[Level], scale: float) -> Level:
    """Return the smallest level with at least `scale` pixels for each pixel of the picture, or the largest."""
    return min(levels, key=lambda level: (level.scale < 0.999 * scale, abs(level.scale - scale)))
