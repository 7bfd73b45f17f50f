"""Find the digits of a picture with the two networks of a model.

The first network was trained on digits of one size, so it is slid over a pyramid: the picture at several sizes. It is
first evaluated every few pixels. Where it may have found a digit, it is evaluated at nine positions and sizes farther
apart, to centre the digit, and then at seven around that centre, whose mean is more accurate. A second network then
looks at each candidate among its neighbours, since only these distinguish a g in a word from a 9. (Girshick et al. 2014
for a second network)
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.contrast import BOX, READ_SIZES, add_margin, local_contrast
from pipeline.model.model import Model
from pipeline.network.gradient_descent import Run, in_sequence
from pipeline.pictures.detections import Detections, Floats, centre, join, suppress
from pipeline.pictures.sliding import Slider

Place = tuple[float, float, float]

STEP = math.sqrt(2)  # ratio of neighbouring levels of the pyramid
SMALLEST = 1 / 50, 12  # longer side of a digit, relative to that of the picture, and in pixels
WIDEST = 1.6  # width of a digit, at most, relative to the height of the picture
MARGIN = 3  # pixels around the picture, in addition to half a window
CELLS = 16  # positions of a tile along each axis
FLAT = 0.8  # local contrast up to which a tile is blank
POSSIBLE = 0.05  # probability of a digit from which a position is looked at more closely
SURE = 0.97  # probability from which a digit is certain enough to stop looking for far smaller ones
UNEVEN = 2.1  # ratio of sizes beyond which something is no digit of the same picture
# Where a candidate is seen again: pixels down and to the right, and a factor on the window. First to centre it, then to
# predict it.
APART = [(shift, shift, scale) for scale in (0.84, 1.0, 1.19) for shift in (-2.0, 0.0, 2.0)]
CLOSE = [(y, x, 1.0) for y, x in ((0, 0), (-2, 0), (2, 0), (0, -2), (0, 2))] + [(0, 0, 0.88), (0, 0, 1.13)]
AMONG = 0.4  # size of a digit, relative to the height of the window in which the second network sees it
TRUST = 0.4  # weight of the second network: with more, single digits are missed, with less, words are taken for digits
MAX_DIGITS = 500  # of a picture


@dataclass(frozen=True, eq=False)
class Level:
    """A picture at one size: its local contrast, with a margin. scale: its pixels for each pixel of the picture."""

    contrast: Floats
    scale: float
    margin: int

    @cached_property
    def image(self) -> Image.Image:
        """The local contrast as an image, from which windows are cut."""
        return Image.fromarray(self.contrast)

    def locate(self, at: NDArray[Any]) -> NDArray[Any]:
        """Return coordinates of pixels of the picture as those in `image`, where a pixel has its centre at a half."""
        return at * self.scale + self.margin + 0.5


def detect(model: Model, grey: Floats, run: Run = in_sequence) -> Detections:
    """Return the possible digits of a picture, grey levels (h, w), the most probable first.

    Detections whose size differs from the median size of the certain ones by more than a factor of UNEVEN are dropped:
    they are usually loops of a digit or edges of shadows. run: may use threads.
    """
    slider = Slider(model, run)
    together = join([look_around(slider, *found) for found in search(slider, grey)])
    digits = together.take(suppress(together)[:MAX_DIGITS])
    sizes = digits.size[digits.scores > SURE]
    ratio = np.abs(np.log(digits.size / np.median(sizes))) if len(sizes) else np.zeros(len(digits))
    return digits.take(np.flatnonzero(ratio < math.log(UNEVEN)))


def search(slider: Slider, grey: Floats) -> Iterator[tuple[Level, Detections]]:
    """Yield each level of a picture, grey levels (h, w), with the possible digits by the first network.

    Once a digit is certain, digits that are more than UNEVEN times smaller are not searched for.
    """
    largest = 0.0
    for level in build_pyramid(grey, slider.window):
        size = BOX / level.scale
        if size * UNEVEN < largest:
            return
        candidates = find_candidates(slider, level)
        closer = look_closer(slider, level, centre(candidates, suppress(candidates)[:MAX_DIGITS]))
        if (closer.scores > SURE).any():
            largest = max(largest, size)
        yield level, closer.take(np.flatnonzero(closer.scores > POSSIBLE))


def build_pyramid(grey: Floats, window: int) -> Iterator[Level]:
    """Yield the picture in sizes at which digits of all sizes are BOX pixels high, from the largest digits on."""
    height, width = grey.shape
    size = max(height, min(width, WIDEST * height))
    smallest = max(SMALLEST[0] * max(height, width), SMALLEST[1])
    margin = window // 2 + MARGIN
    image = Image.fromarray(grey)
    while True:
        scale = BOX / size
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.asarray(image.resize(shape, Image.Resampling.BILINEAR))
        yield Level(local_contrast(add_margin(small, margin, margin, margin, margin)), scale, margin)
        if size * READ_SIZES[0] < smallest:  # this level still shows the smallest digits
            return
        size /= STEP


def find_candidates(slider: Slider, level: Level) -> Detections:
    """Return the positions of a level at which a digit may be centred.

    The level is cut into tiles, with as many positions each, which overlap by a window. Blank tiles are left out.
    """
    window, step = slider.window, slider.step
    counts = [max(1, (side - window) // step + 1) for side in level.contrast.shape]
    cells = [min(CELLS, count) for count in counts]
    tall, wide = (window + step * (count - 1) for count in cells)
    contrast = np.pad(level.contrast, ((0, tall), (0, wide)))
    corners = (range(0, step * count, step * cell) for count, cell in zip(counts, cells, strict=True))
    tiles = {(y, x): contrast[y:, x:][:tall, :wide] for y, x in itertools.product(*corners)}
    inked = {corner: tile for corner, tile in tiles.items() if np.abs(tile).max() > FLAT}
    predicted = slider.predict_all(list(inked.values())).reshape(len(inked), *cells, slider.outputs)
    possible = predicted[..., -1] < 1 - POSSIBLE
    tile, *cell = np.nonzero(possible)
    starts = np.array([*inked], int).reshape(-1, 2)[tile].T
    y, x = (
        ((start + step * at + (window - 1) / 2 - level.margin) / level.scale).astype(np.float32)
        for start, at in zip(starts, cell, strict=True)
    )
    return Detections(y, x, np.full(len(tile), BOX / level.scale, np.float32), predicted[possible])


def look_closer(slider: Slider, level: Level, found: Detections) -> Detections:
    """Return the digits of a level, each centred and predicted again.

    Its centre and size become the means of those in APART, weighted by scores (the geometric mean of sizes); its
    probabilities the mean of those in CLOSE.
    """
    weights = 1 - _look(slider, level, found, APART)[..., -1] + np.finfo(np.float32).eps
    weights /= weights.sum(axis=1, keepdims=True)
    down, right, scale = np.array(APART, np.float32).T
    factor = np.exp(weights @ np.log(scale))
    y, x = (at + weights @ moved / level.scale for at, moved in ((found.y, down), (found.x, right)))
    centred = Detections(y, x, found.size * factor, found.probabilities)
    return replace(centred, probabilities=_look(slider, level, centred, CLOSE).mean(axis=1))


def look_around(slider: Slider, level: Level, found: Detections) -> Detections:
    """Return the digits of a level, each with odds that are the weighted geometric mean of those by both networks."""
    if slider.model.context is None or not len(found):
        return found
    around = slider.predict_context(cut_around(level, found, slider.model.context.image_shape))
    tiny = np.finfo(np.float32).tiny  # so that two networks that are certain of the contrary give one half
    nothing, digit = (
        np.maximum(first, tiny) ** (1 - TRUST) * np.maximum(second, tiny) ** TRUST
        for first, second in ((found.probabilities[:, -1], around[:, -1]), (found.scores, 1 - around[:, -1]))
    )
    share = (digit / (digit + nothing))[:, np.newaxis]
    classes = found.probabilities[:, :-1] / found.scores[:, np.newaxis]  # by the first network, which sees more detail
    return replace(found, probabilities=np.concatenate([share * classes, 1 - share], axis=1))


def cut_around(level: Level, found: Detections, shape: tuple[int, int]) -> list[Floats]:
    """Return a window (height, width) around each digit of a level, which has a share AMONG of its height."""
    scale = found.size * level.scale / (AMONG * shape[0])
    return _cut(level.image, level.locate(found.y), level.locate(found.x), scale, shape)


def _look(slider: Slider, level: Level, found: Detections, places: Sequence[Place]) -> Floats:
    """Return the probabilities (k, places, classes + 1) of digits in windows at some places around each."""
    y, x, size = np.stack([found.y, found.x, found.size])[..., np.newaxis].astype(np.float64)
    down, right, scale = np.transpose(places)
    own = size * level.scale / BOX
    centres = level.locate(y) + own * down, level.locate(x) + own * right
    windows = _cut(level.image, *centres, own * scale, slider.model.image_shape)
    return slider.predict_all(windows).reshape(len(found), len(places), slider.outputs)


def _cut(
    image: Image.Image, y: NDArray[Any], x: NDArray[Any], scale: NDArray[Any], shape: tuple[int, int]
) -> list[Floats]:
    """Return parts of `shape` pixels, each `scale` pixels of an image wide, around the centres (y, x) in it."""
    height, width = shape
    corners = (each.ravel().tolist() for each in (y - scale * height / 2, x - scale * width / 2, scale))
    how = Image.Transform.AFFINE, Image.Resampling.BILINEAR
    return [
        np.asarray(image.transform((width, height), how[0], (pixels, 0, left, 0, pixels, top), how[1]))
        for top, left, pixels in zip(*corners, strict=True)
    ]
