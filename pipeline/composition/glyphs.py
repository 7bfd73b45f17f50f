"""Single signs in ink, as a hand or a printer would write them: images of a data set, strokes, print."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipeline.data.contrast import BOX
from pipeline.data.glyphs import load_glyphs
from pipeline.data.ink import to_ink
from pipeline.data.negatives import MIN_WIDTH, cut_part, make_doodle
from pipeline.data.shapes import SIGNS, parse_shape
from pipeline.data.strokes import draw, draw_by_hand
from pipeline.data.styles import are_ten_digits, choose_strokes

Ink = NDArray[np.float32]
Generator = np.random.Generator

FINE = 2  # drawn pixels per pixel of the picture
SHARES = {"image": 0.82, "strokes": 0.14, "print": 0.04}  # of the digits
SIGN_SHARES = {"letter": 0.42, "sign": 0.28, "doodle": 0.13, "print": 0.12, "piece": 0.05}
OTHER_SIGN_SHARES = {"doodle": 0.5, "piece": 0.5}  # for classes that may be letters or signs
PRINTED = "acdefhkmnprtuvwxyACDEFHKLMNPRTUVWXY%&@#+="  # do not look like digits
LIKE_DIGITS = "bgijloqszBGIJOQSZ"  # except within a word


@dataclass(frozen=True)
class Hand:
    """How one hand writes: changes that all its glyphs share.

    angle: radians, clockwise. shear: x per y. stretch: width by height. stroke: change of the stroke width, in pixels.
    outline: whether strokes are hollow.
    """

    angle: float
    shear: float
    stretch: float
    stroke: float
    outline: bool


@dataclass(frozen=True, eq=False)
class Glyphs:
    """Images of a data set from which pictures are composed, uint8 (n, h, w), with their labels and class names."""

    images: NDArray[np.uint8]
    labels: NDArray[np.integer[Any]]
    class_names: tuple[str, ...]

    @functools.cached_property
    def has_digits(self) -> bool:
        """Whether the classes are the ten digits, of which there are other sources than the images."""
        return are_ten_digits(self.class_names)

    @functools.cached_property
    def letters(self) -> list[Any]:
        """Strokes of letters and signs that resemble no digit; none unless the classes are the ten digits."""
        return load_glyphs() if self.has_digits else []

    def draw_class(self, generator: Generator) -> tuple[Ink, int]:
        """Return the ink of one of the classes, in [0, 1], and its label."""
        source = generator.choice(list(SHARES), p=list(SHARES.values())) if self.has_digits else "image"
        if source == "image":
            index = generator.integers(len(self.images))
            return to_ink(self.images[index]), int(self.labels[index])
        if source == "strokes":
            name, strokes = choose_strokes(generator)
            return draw_by_hand(strokes, BOX, generator), self.class_names.index(name)
        name = str(generator.integers(10))
        return draw_print(name, generator), self.class_names.index(name)

    def draw_word(self, generator: Generator) -> Ink:
        """Return the ink of a word in print, or in the strokes of one of the fonts. The classes must be digits."""
        count = int(generator.integers(2, 10))
        if generator.random() < 0.5:
            letters = generator.choice(list(PRINTED), count)
            if count > 2:
                letters = np.where(generator.random(count) < 0.25, generator.choice(list(LIKE_DIGITS), count), letters)
            return draw_print("".join(letters.tolist()), generator)
        start = generator.integers(len(self.letters))  # letters of one font are neighbours
        strokes, right = [], 0.0
        for i in (start + generator.integers(0, 20, count)) % len(self.letters):
            points = np.concatenate(self.letters[i])
            moved = np.array([right - points[:, 0].min(), 0])
            strokes += [stroke + moved for stroke in self.letters[i]]
            right += np.ptp(points[:, 0]) + 4
        pen = max(generator.uniform(0.06, 0.16) / count, 0.03)
        return np.asarray(draw(strokes, 4 * BOX, generator, (pen, pen)), np.float32)

    def draw_sign(self, generator: Generator) -> Ink:
        """Return the ink of a sign that is of no class."""
        shares = SIGN_SHARES if self.has_digits else OTHER_SIGN_SHARES
        source = generator.choice(list(shares), p=list(shares.values()))
        if source == "letter":
            return draw_by_hand(self.letters[generator.integers(len(self.letters))], BOX, generator)
        if source == "print":
            return draw_print(PRINTED[generator.integers(len(PRINTED))], generator)
        if source == "sign":
            return draw_by_hand(parse_shape(SIGNS[generator.integers(len(SIGNS))]), BOX, generator)
        whole = to_ink(self.images[generator.integers(len(self.images))])
        whole = whole[:, whole.max(axis=0) > 0]
        if source == "piece" and whole.shape[1] >= MIN_WIDTH:
            return np.asarray(cut_part(whole, generator), np.float32)
        return np.asarray(draw(make_doodle(generator), BOX, generator), np.float32)


@functools.lru_cache(maxsize=64)
def _load_font(size: int) -> Any:
    return ImageFont.load_default(size)


def draw_print(text: str, generator: Generator) -> Ink:
    """Draw text in print."""
    font = _load_font(4 * BOX)
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(page).text((2 - left, 2 - top), text, 255, font, stroke_width=int(generator.integers(0, 3)))
    return to_ink(np.asarray(page))


def choose_hand(generator: Generator) -> Hand:
    """Return a random hand."""
    return Hand(
        angle=0.0,
        shear=generator.normal(0, 0.12),
        stretch=math.exp(generator.normal(0, 0.1)),
        stroke=generator.choice([generator.uniform(-1.4, 0), generator.uniform(-0.3, 0.3), generator.uniform(0, 1.3)]),
        outline=generator.random() < 0.05,
    )


def write(ink: Ink, size: float, hand: Hand, generator: Generator) -> Ink:
    """Return the ink, cropped, as a hand writes it, with its longer side about `size` pixels before it is turned."""
    rows, columns = (np.flatnonzero((ink >= 0.5 * ink.max()).any(axis=axis)) for axis in (1, 0))
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    scale = FINE * size / max(height, width)
    angle = hand.angle + generator.normal(0, 0.06)
    shear = hand.shear + generator.normal(0, 0.06)
    stretch = math.sqrt(hand.stretch * math.exp(generator.normal(0, 0.06)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    inverse = np.linalg.inv(scale * turn @ np.array([[stretch, -shear], [0, 1 / stretch]]))
    side = FINE * (math.ceil(1.5 * size) + 4)
    centre = np.array([columns[0] + columns[-1] + 1, rows[0] + rows[-1] + 1]) / 2
    offset = centre - inverse @ np.array([side / 2, side / 2])
    coefficients = (*inverse[0], offset[0], *inverse[1], offset[1])
    source = Image.fromarray(np.uint8(255 * np.clip(ink, 0, 1)))
    fine = source.transform((side, side), Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC)
    return crop(to_ink(np.asarray(_change_strokes(fine, hand).reduce(FINE))))


def _change_strokes(fine: Image.Image, hand: Hand) -> Image.Image:
    """Widen or thin the strokes, or make them hollow."""
    if hand.outline:
        wide, narrow = fine.filter(ImageFilter.MaxFilter(5)), fine.filter(ImageFilter.MinFilter(3))
        return Image.fromarray(np.asarray(wide) - np.minimum(np.asarray(narrow), np.asarray(wide)))
    whole, part = divmod(abs(hand.stroke), 1)
    kind = ImageFilter.MaxFilter if hand.stroke > 0 else ImageFilter.MinFilter
    for weight in [1.0] * int(whole) + [part]:
        fine = Image.blend(fine, fine.filter(kind(3)), weight)
    return fine


def crop(ink: Ink) -> Ink:
    """Crop to the ink; one pixel if there is none."""
    inked = ink >= 0.3 * max(float(ink.max()), 0.05)
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1), np.float32)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
