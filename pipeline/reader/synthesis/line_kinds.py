"""Synthesise the text of a line image: numbers alone, a line of notes, words, or the numbers of cells."""

from dataclasses import replace

from pipeline.reader.synthesis.line_text import SIGN, Token, make_line, make_words, tokenize
from pipeline.reader.synthesis.number_text import MOST, make_number
from pipeline.reader.synthesis.signs import Generator, SourceImages

MOST_CELLS = 9  # numbers in a row of cells
MOST_WORDS = 8  # groups of words in a line without a number
TABLES = 0.3  # share of the rows of cells with any numbers, such as dates, times and amounts
EVEN_LENGTHS = 0.6  # share of the line images with only digits whose numbers have each length equally often
TWO = 0.4  # share of the line images with only digits that have two numbers


def make_tokens(kind: str, source: SourceImages, generator: Generator) -> list[Token]:
    """Return the tokens of a line of this kind.

    Classes that are not the ten digits have no separators, and only signs without a name beside them.
    """
    if kind == "line":
        text = make_line(generator)
    elif kind == "words":
        text = " ".join(make_words(generator) for _ in range(generator.integers(1, MOST_WORDS + 1)))
    elif kind == "digits":
        count = 2 if generator.random() < TWO else 1
        most = int(generator.integers(1, MOST + 1)) if generator.random() < EVEN_LENGTHS else None
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
    if not source.has_digits:
        return ["0" * count for count in counts]
    of_a_table = generator.random() < TABLES
    return [make_number(generator, None if of_a_table else count) for count in counts]
