"""Synthesise the text of a line of writing: numbers among words, units and signs, as people note them."""

import re
from dataclasses import dataclass

from pipeline.reader_training.synthesis.notes import APART, LOWERED, RAISED, STRUCK, make_note
from pipeline.reader_training.synthesis.number_text import GROUP, make_number, pick
from pipeline.reader_training.synthesis.signs import Generator, choose
from pipeline.reader_training.synthesis.vocabulary import OPERATORS, UNITS
from pipeline.reader_training.synthesis.words import make_opening, make_words

SIGN = "\ue000"  # a sign without a name: a doodle, a letter, a drawing
NOTED = 0.8  # share of the lines that are in one of the forms of notes
PARTS = {"number": 0.45, "word": 0.37, "sign": 0.12, "mark": 0.06}  # of the other lines
UNIT, OPENING = 0.5, 0.2  # shares of the words after a number that are units, and of those before one
NAMELESS = 0.4  # share of the signs
BEFORE = RAISED + LOWERED + STRUCK
NUMBER = re.compile(rf"[{BEFORE}]?\d+(?:[.,:/'{GROUP}-]\d+)*[.,:;]?|[^\d{BEFORE}{APART}]+")


@dataclass(frozen=True)
class Token:
    """A number, with separators, or other writing. joined: whether it follows what precedes it without a space."""

    text: str
    joined: bool

    @property
    def is_number(self) -> bool:
        """Whether the token is a number that counts."""
        return self.text.lstrip(RAISED + LOWERED)[:1].isdigit()

    @property
    def is_shifted(self) -> bool:
        """Whether the token is a number above or below the line, such as an exponent or an index."""
        return self.text[0] in RAISED + LOWERED

    @property
    def is_struck(self) -> bool:
        """Whether the token is a number that was struck out, which counts as other writing."""
        return self.text[0] == STRUCK


def tokenize(text: str) -> list[Token]:
    """Split a line at its spaces, and between numbers and what adjoins them: `5kg` is a number and a word."""
    return [Token(part, joined=index > 0) for word in text.split() for index, part in enumerate(NUMBER.findall(word))]


def make_line(generator: Generator) -> str:
    """Return a line of writing with at least one number, which may be struck out."""
    if generator.random() < NOTED:
        return make_note(generator)
    kinds = [choose(PARTS, generator) for _ in range(generator.integers(1, 7))]
    if "number" not in kinds:
        kinds[generator.integers(len(kinds))] = "number"
    line = ""
    for before, kind, after in zip(["", *kinds], kinds, [*kinds[1:], ""], strict=False):
        if kind == "number":
            line += " " + make_number(generator)
        elif kind == "sign":
            line += " " + (SIGN if generator.random() < NAMELESS else pick(OPERATORS, generator))
        elif kind == "mark":  # after other writing, close to it
            line += str(generator.choice(list(".,:;"))) if line else ""
        elif before == "number" and generator.random() < UNIT:
            line += str(generator.choice([" ", ""])) + pick(UNITS, generator)
        elif after == "number" and generator.random() < OPENING:
            line += " " + make_opening(generator) + str(generator.choice([" ", "", "\t"]))
        else:
            line += " " + make_words(generator)
    return line.replace("\t ", "")
