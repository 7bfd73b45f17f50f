"""Hands that write on a line: the digits of a number by one of them, and words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pipeline.data.ink import to_ink
from pipeline.data.synthetic.drawn import FONT_SHARE
from pipeline.data.synthetic.shapes import STYLED_DIGITS, Stroke, load_digits, parse_shape
from pipeline.data.synthetic.strokes import PEN, STROKE_SUBPIXELS, distort, draw_by_hand
from pipeline.reader.rows.labels import OTHER_WRITING
from pipeline.reader_training.synthesis.confusable import choose_digit
from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.lettering import (
    Lettering,
    bend,
    covers,
    draw_lettering,
    draw_loosely,
    find_digit_height,
    find_x_height,
    frame,
)
from pipeline.reader_training.synthesis.marks import MARKS
from pipeline.reader_training.synthesis.notes import SIGN
from pipeline.reader_training.synthesis.number_text import pick
from pipeline.reader_training.synthesis.paper import paste
from pipeline.reader_training.synthesis.paths import trace
from pipeline.reader_training.synthesis.pen import choose_pen, darkness, stretch_parts, write_path
from pipeline.reader_training.synthesis.signs import Generator, Hand, Ink, SourceImages, choose, crop, write
from pipeline.reader_training.synthesis.ticks import add_ticks, choose_tick

DIGIT_SHARES = {"image": 0.62, "strokes": 0.17, "script": 0.14, "print": 0.07}  # of the numbers
LETTER_SHARES = {"script": 0.76, "print": 0.24}  # of the words
ONE_HAND = 0.7  # share of the line images with one hand for all words, and one for all numbers
TRACED = 0.5  # share of the line images whose ink is traced, and written again with a pen of any width
STROKE_BOX = 12  # pixels of digits that are drawn from strokes, several times as fine
OTHER_FONTS = 4  # that are tried if the font of the line does not cover a word
WIDENED = {"script": 3, "print": 2}  # pixels by which strokes may be wider than those of a font, exclusive
BY_FONT = 0.7  # share of the separators that are of the font of their number, if it is written in one
# Marks by hand: share of those that a font could write too; their pens and the gaps between them, relative to digits.
MARKED, MARK_PENS, MARK_GAPS = 0.7, (0.06, 0.16), (0.05, 0.35)
STROKE_HEIGHT = STROKE_BOX * STROKE_SUBPIXELS  # pixels of a digit beside which marks are drawn

Drawing = Ink | list[Stroke]  # ink, or the paths of a pen
Draw = Callable[[int], Drawing]


@dataclass(eq=False)
class Hands:
    """The hands that write the digits and the words of a line image.

    fonts: files of fonts, by kind. A kind of hand is chosen once for a line image, or anew for each number and word.
    """

    source: SourceImages
    fonts: Mapping[str, Sequence[Path]]
    generator: Generator
    font: dict[str, Path] = field(init=False)
    number: tuple[Path, int] | None = field(init=False, default=None)  # font and pen of the number, if it has any

    def __post_init__(self) -> None:
        self.other = len(self.source.class_names) + OTHER_WRITING
        self.same = self.generator.random() < ONE_HAND
        self.is_traced = self.generator.random() < TRACED
        self.writes_with = choose_pen(self.generator)
        if not self.is_traced:  # about as wide as the strokes of the ink
            self.writes_with = replace(self.writes_with, width=self.generator.uniform(*PEN))
        self.choose_again()

    def choose_again(self) -> None:
        """Choose the kinds of hands, the fonts and the pens at random."""
        self.digits, self.letters = (choose(shares, self.generator) for shares in (DIGIT_SHARES, LETTER_SHARES))
        self.font = {kind: fonts[int(self.generator.integers(len(fonts)))] for kind, fonts in self.fonts.items()}
        self.pen = {kind: int(self.generator.integers(most)) for kind, most in WIDENED.items()}
        self.loose = self.generator.random() < HABITS.loose_hand
        self.tick = choose_tick(self.generator) if self.generator.random() < HABITS.ticked_hand else None

    def darkness(self, size: float) -> float:
        """Return how dark the ink is at most, if digits are reduced to `size` pixels; see `pen.darkness`."""
        return darkness(self.writes_with, size) if self.is_traced else 1.0

    def write(self, drawing: Drawing, length: float, size: float, hand: Hand) -> Ink:
        """Return the ink of a drawing, cropped, as a hand writes it beside digits of `size` pixels.

        length: of its longer side before it is turned, in pixels.
        """
        if isinstance(drawing, np.ndarray) and self.is_traced:
            drawing = trace(drawing) or drawing
        if isinstance(drawing, np.ndarray):
            return write(drawing, length, hand, self.generator)
        return write_path(drawing, length, size, self.writes_with, hand, self.generator)

    def choose_number(self) -> Draw:
        """Return a function that draws a digit of any class, by the same hand for the whole number."""
        if not self.same:
            self.choose_again()
        kind = self.digits if self.source.has_digits else "image"
        self.number = None
        if kind == "image":
            return lambda label: self._stretch(self._draw_image(label))
        if kind == "strokes":
            shapes = dict[int, Sequence[Stroke]]()
            return lambda label: self._draw_strokes(label, shapes)
        self.number = font, wider = self.font[kind], self.pen[kind]
        loose, height = self.loose, find_digit_height(font)

        def draw(label: int) -> Drawing:
            ink = draw_lettering(font, self.source.class_names[label], wider).ink
            return self._stretch(bend(ink, height, self.generator) if loose else ink)

        return draw

    def _stretch(self, ink: Ink) -> Drawing:
        """Return the paths of a digit, with longer and wider parts, or its ink if it is not traced."""
        strokes = trace(ink) if self.is_traced else None
        return stretch_parts(strokes, self.generator) if strokes else ink

    def _draw_image(self, label: int) -> Ink:
        of_class = self.source.by_class[label]
        return to_ink(self.source.images[of_class[self.generator.integers(len(of_class))]])

    def _draw_strokes(self, label: int, shapes: dict[int, Sequence[Stroke]]) -> list[Stroke]:
        if label not in shapes:
            shapes[label] = choose_shape(self.source.class_names[label], self.generator)
        return stretch_parts(distort(shapes[label], self.generator), self.generator)

    def find_label(self, digit: str) -> int:
        """Return the class of a digit, or a random class with images if the classes are not the ten digits."""
        if self.source.has_digits:
            return self.source.class_names.index(digit)
        return int(self.source.labels[self.generator.integers(len(self.source.labels))])

    def draw_separator(self, text: str) -> tuple[Drawing, float, float]:
        """Return a separator, its longer side and its place below the middle, relative to the digits."""
        if self.number and self.generator.random() < BY_FONT and covers(self.number[0], text):
            drawn = draw_lettering(self.number[0], text, self.number[1])
            return drawn.ink, drawn.size, drawn.middle + 0.5
        sizes, places, shapes = MARKS[text]
        strokes = distort(pick(shapes, self.generator), self.generator)
        return strokes, self.generator.uniform(*sizes), self.generator.uniform(*places)

    def draw_word(self, text: str) -> Lettering:
        """Return the drawing of a word, a sign or SIGN."""
        if not self.same:
            self.choose_again()
        if SIGN in text or not self.source.has_digits:  # letters might be among other classes
            return Lettering(self.source.draw_sign(self.generator), -0.5, np.exp(self.generator.normal(0, 0.25)))
        if MARKS.keys() >= set(text) and self.letters != "print" and self.generator.random() < MARKED:
            return self.draw_marks(text)
        drawn, x_height = self._draw_letters(text)
        if self.tick and self.generator.random() < HABITS.ticked_word and any(map(str.isalpha, text)):
            return add_ticks(drawn, self.tick, x_height, self.generator)
        return drawn

    def draw_marks(self, text: str) -> Lettering:
        """Return the drawing of marks side by side, as a hand writes them."""
        pen, right = self.generator.uniform(*MARK_PENS), 0.0
        sheet = np.zeros((4 * STROKE_HEIGHT, 4 * STROKE_HEIGHT * len(text)), np.float32)
        for character in text:
            sizes, places, shapes = MARKS[character]
            size, place = self.generator.uniform(*sizes), self.generator.uniform(*places)
            pens = (min(pen / size, 0.8),) * 2
            ink = crop(draw_by_hand(pick(shapes, self.generator), round(STROKE_BOX * size), self.generator, pens))
            paste(sheet, ink, round((2 + place) * STROKE_HEIGHT - len(ink) / 2), round(right))
            right += ink.shape[1] + STROKE_HEIGHT * self.generator.uniform(*MARK_GAPS)
        return frame(sheet, 2.5 * STROKE_HEIGHT, STROKE_HEIGHT)

    def _draw_letters(self, text: str) -> tuple[Lettering, float]:
        """Return the drawing of a word, and the height of an x relative to that of a digit."""
        kind = self.letters
        written = self.fonts[kind]
        others = (written[i] for i in self.generator.integers(len(written), size=OTHER_FONTS).tolist())
        fonts = [self.font[kind], *others, self.font["print"], *self.fonts["print"]]
        font = next(each for each in fonts if covers(each, text))
        if self.loose:
            return draw_loosely(font, text, self.pen[kind], self.generator), find_x_height(font)
        return draw_lettering(font, text, self.pen[kind]), find_x_height(font)


def choose_shape(name: str, generator: Generator) -> Sequence[Stroke]:
    """Return the strokes of a digit, easily confused, from the fonts or from the styles of several countries."""
    own = choose_digit(name, generator) if generator.random() < HABITS.own_shape else None
    if own:
        return own
    if generator.random() < FONT_SHARE:
        fonts = load_digits()
        return fonts[generator.integers(len(fonts))][int(name)]
    shapes = [shape for digit, shape in STYLED_DIGITS if digit == name]
    return parse_shape(shapes[generator.integers(len(shapes))])
