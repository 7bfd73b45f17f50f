"""Synthesise the text of a line image, such as a line of notes, and split it into numbers and other writing."""

import re
from dataclasses import dataclass, replace

import numpy as np

from pipeline.reader_training.synthesis.habits import HABITS
from pipeline.reader_training.synthesis.notes import LOWERED, RAISED, SIGN, SPACED, STRUCK, make_note
from pipeline.reader_training.synthesis.number_text import GROUP, MOST_DIGITS_DRAWN, make_digits, make_number
from pipeline.reader_training.synthesis.signs import Generator, SourceImages
from pipeline.reader_training.synthesis.words import make_phrase, make_words

BEFORE = RAISED + LOWERED + STRUCK
NUMBER_TOKEN = re.compile(rf"[{BEFORE}]?\d+(?:[.,:/'{GROUP}-]\d+)*[.,:;]?|[^\d{BEFORE}{SPACED}]+")

MOST_CELLS = 9  # numbers in a row of cells
MOST_WORDS = 8  # groups of words in a line without a number
PHRASES = 0.4  # share of the lines of words that are the small words of a sentence
MOST_SIGNS = 7  # in a line of signs
TABLES = 0.3  # share of the rows of cells with any numbers, such as dates, times and amounts
EVEN_LENGTHS = 0.6  # share of the line images with only digits whose numbers have each length equally often
ALONE = 0.3  # share of the line images with only digits that have a single one
TWO = 0.4  # share of the others that have two numbers


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
    return [
        Token(part, joined=index > 0) for word in text.split() for index, part in enumerate(NUMBER_TOKEN.findall(word))
    ]


def make_tokens(kind: str, source: SourceImages, generator: Generator) -> list[Token]:
    """Return the tokens of a line of this kind.

    Classes that are not the ten digits have no separators, and only signs without a name beside them.
    """
    if kind == "line":
        text = make_note(generator)
    elif kind == "words":
        is_phrase = generator.random() < PHRASES
        words = (make_words(generator) for _ in range(generator.integers(1, MOST_WORDS + 1)))
        text = make_phrase(generator) if is_phrase else " ".join(words)
    elif kind == "digits" and generator.random() < ALONE:
        text = make_digits(1, generator)
    elif kind == "digits":
        if generator.random() < HABITS.row_of_short:
            length, count = int(generator.integers(1, 3)), int(generator.integers(3, MOST_CELLS + 1))
            return tokenize(" ".join(make_digits(length, generator) for _ in range(count)))
        count = 2 if generator.random() < TWO else 1
        most = int(generator.integers(1, MOST_DIGITS_DRAWN + 1)) if generator.random() < EVEN_LENGTHS else None
        text = " ".join(make_number(generator, most) for _ in range(count))
    else:
        text = ""
    tokens = tokenize(text)
    if source.has_digits:
        return tokens
    plain = ("".join(filter(str.isdigit, each.text)) if each.is_number else SIGN for each in tokens)
    return [replace(each, text=text) for each, text in zip(tokens, plain, strict=True)]


def make_cells(source: SourceImages, generator: Generator) -> list[str]:
    """Return the numbers of a row of cells: single digits, numbers of a few digits, or any numbers."""
    most = int(generator.choice([1, 1, 1, 2, 2, 3, 5]))
    counts = generator.integers(1, most + 1, MOST_CELLS).tolist()
    if generator.random() < HABITS.even_cells:
        counts = counts[:1] * MOST_CELLS
    if not source.has_digits:
        return ["0" * count for count in counts]
    of_a_table = generator.random() < TABLES
    return [make_number(generator, None if of_a_table else count) for count in counts]


def make_wide_row(source: SourceImages, generator: Generator) -> list[str]:
    """Return the numbers of a wide row: single digits, or some of two digits."""
    count, of_two = int(generator.integers(2, MOST_CELLS + 2)), generator.random() < HABITS.wide_of_two
    lengths = generator.integers(1, 3, count) if of_two else np.ones(count, int)
    return [make_digits(length, generator) if source.has_digits else "0" * length for length in lengths.tolist()]


def make_signs(source: SourceImages, generator: Generator) -> list[str]:
    """Return the cells of a line of signs: one, several, or signs and numbers; SIGN stands for a sign."""
    choice = generator.random()
    if choice < HABITS.sign_alone:
        return [SIGN]
    count = int(generator.integers(2, MOST_SIGNS + 1))
    if choice < HABITS.sign_alone + HABITS.sign_row:
        return [SIGN] * count
    return [SIGN if generator.random() < 0.5 else cell for cell in make_cells(source, generator)[:count]]
