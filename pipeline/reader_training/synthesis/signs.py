"""Draw single signs, as a hand or a printer would, from images of a data set, strokes or print."""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.dataset import are_ten_digits
from pipeline.data.ink import find_extent, to_ink
from pipeline.data.synthetic.drawn import MIN_SIGN_WIDTH, cut_part, make_doodle
from pipeline.data.synthetic.shapes import SIGNS, load_glyphs, parse_shape
from pipeline.data.synthetic.strokes import draw_by_hand, draw_polylines
from pipeline.pictures.contrast import BOX
from pipeline.pictures.filters import ndimage

Ink = NDArray[np.float32]
Generator = np.random.Generator
T = TypeVar("T")

FINER = 2  # drawn pixels per pixel of the picture
CROP_EDGE = 8  # pixels by which a picture of a sign is larger than its ink, for strokes that widen
SIGN_SHARES = {"letter": 0.4, "sign": 0.35, "doodle": 0.2, "piece": 0.05}
OTHER_SIGN_SHARES = {"doodle": 0.5, "piece": 0.5}  # for classes that may be letters or signs
FONT_FOLDERS = {"print": Path(__file__).parent / "fonts" / "print", "script": Path(__file__).parent / "fonts"}


def choose(shares: Mapping[T, float], generator: Generator) -> T:
    """Return one of the keys at random, with probabilities that are their shares."""
    values = np.array(list(shares.values()))
    return list(shares)[generator.choice(len(values), p=values / values.sum())]


@dataclass(frozen=True)
class Hand:
    """A hand: the changes that all its signs share.

    angle: radians, clockwise. shear: x per y. stretch: width by height. stroke: change of the stroke width, in pixels.
    outline: whether strokes are hollow.
    """

    angle: float
    shear: float
    stretch: float
    stroke: float
    outline: bool


@dataclass(frozen=True, eq=False)
class SourceImages:
    """Images of a data set from which pictures are synthesised, uint8 (n, h, w), with their labels and class names."""

    images: NDArray[np.uint8]
    labels: NDArray[np.integer[Any]]
    class_names: tuple[str, ...]

    @functools.cached_property
    def has_digits(self) -> bool:
        """Whether the classes are the ten digits, for which there are sources besides the images."""
        return are_ten_digits(self.class_names)

    @functools.cached_property
    def by_class(self) -> list[NDArray[np.intp]]:
        """The indices of the images of each class."""
        return [np.flatnonzero(self.labels == label) for label in range(len(self.class_names))]

    def draw_sign(self, generator: Generator) -> Ink:
        """Return the ink of a sign that is of no class."""
        source = choose(SIGN_SHARES if self.has_digits else OTHER_SIGN_SHARES, generator)
        if source == "letter":
            letters = load_glyphs()
            return draw_by_hand(letters[generator.integers(len(letters))], BOX, generator)
        if source == "sign":
            return draw_by_hand(parse_shape(SIGNS[generator.integers(len(SIGNS))]), BOX, generator)
        whole = to_ink(self.images[generator.integers(len(self.images))])
        whole = whole[:, whole.max(axis=0) > 0]
        if source == "piece" and whole.shape[1] >= MIN_SIGN_WIDTH:
            return np.asarray(cut_part(whole, generator), np.float32)
        return np.asarray(draw_polylines(make_doodle(generator), BOX, generator), np.float32)


def choose_hand(generator: Generator) -> Hand:
    """Return a random hand."""
    return Hand(
        angle=0.0,
        shear=generator.normal(0, 0.12),
        stretch=math.exp(generator.normal(0, 0.1)),
        stroke=generator.choice([generator.uniform(-1.4, 0), generator.uniform(-0.3, 0.3), generator.uniform(0, 1.3)]),
        outline=generator.random() < 0.05,
    )


def choose_turn(hand: Hand, generator: Generator) -> NDArray[np.float64]:
    """Return how a hand turns, slants and stretches a sign: a matrix that maps x and y."""
    angle = hand.angle + generator.normal(0, 0.06)
    shear = hand.shear + generator.normal(0, 0.06)
    stretch = math.sqrt(hand.stretch * math.exp(generator.normal(0, 0.06)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.asarray(turn @ np.array([[stretch, -shear], [0, 1 / stretch]]))


def write(ink: Ink, size: float, hand: Hand, generator: Generator) -> Ink:
    """Return the ink, cropped, as a hand writes it, with its longer side about `size` pixels before it is turned."""
    top, bottom, left, right = find_extent(ink >= 0.5 * ink.max())
    height, width = bottom - top, right - left
    forward = FINER * size / max(height, width) * choose_turn(hand, generator)
    inverse = np.linalg.inv(forward)
    wide, high = (FINER * math.ceil(side / FINER + CROP_EDGE) for side in (np.abs(forward) @ [width, height]).tolist())
    centre = np.array([left + right, top + bottom]) / 2
    offset = centre - inverse @ np.array([wide, high]) / 2
    coefficients = (*inverse[0], offset[0], *inverse[1], offset[1])
    source = Image.fromarray(np.uint8(255 * np.clip(ink, 0, 1)))
    drawn = source.transform((wide, high), Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC)
    fine = _change_strokes(np.asarray(drawn), hand).reshape(high // FINER, FINER, wide // FINER, FINER)
    return crop(to_ink(((fine.sum(axis=(1, 3), dtype=np.uint16) + FINER**2 // 2) // FINER**2).astype(np.uint8)))


def _change_strokes(fine: NDArray[np.uint8], hand: Hand) -> NDArray[np.uint8]:
    """Widen or thin the strokes, or make them hollow."""
    if hand.outline:
        wide = ndimage.maximum_filter(fine, 5)
        return np.asarray(wide - ndimage.minimum_filter(fine, 3))
    whole, part = divmod(abs(hand.stroke), 1)
    change = ndimage.maximum_filter if hand.stroke > 0 else ndimage.minimum_filter
    for _ in range(int(whole)):
        fine = change(fine, 3)
    return np.rint((1 - part) * fine + part * change(fine, 3)).astype(np.uint8) if part else fine


def crop(ink: Ink) -> Ink:
    """Crop to the ink; return one pixel if there is none."""
    inked = ink >= 0.3 * max(float(ink.max()), 0.05)
    if not inked.any():
        return np.zeros((1, 1), np.float32)
    top, bottom, left, right = find_extent(inked)
    return ink[top:bottom, left:right]
