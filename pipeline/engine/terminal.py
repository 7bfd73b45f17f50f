"""Lines for people: in colours, shortened, and without characters that are not printable, as names are untrusted."""

import difflib
import os
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TextIO

LONGEST_LINE = 300  # characters of an error, a few lines of a terminal
COLOURS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}


def is_printable(character: str) -> bool:
    """Return whether a character is printable or a space; `str.isprintable` accepts only one kind of space."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def printable(text: str) -> str:
    r"""Return the text on one line, with escapes such as `\x1b` for characters that are not printable."""
    return "".join(each if is_printable(each) else repr(each)[1:-1] for each in text)


def shorten(line: str) -> str:
    """Return a line of at most LONGEST_LINE characters, with its beginning and its end."""
    half = LONGEST_LINE // 2
    return line if len(line) <= LONGEST_LINE else f"{line[:half]}...{line[3 - half :]}"


def name_some(texts: Sequence[str], most: int, between: str = ", ") -> str:
    """Return the first `most` texts and the number of the others, on one line."""
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return between.join([*texts[:most], *more])


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return a question about the choice that is spelled most like a word, "" if none is like it."""
    return "".join(f"did you mean {near}?" for near in difflib.get_close_matches(word, choices, 1))


def paint(text: str, colour: str, stream: TextIO) -> str:
    """Return the text in one of COLOURS if `stream` is a terminal with colours, and NO_COLOR is not set."""
    coloured = stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if coloured else text
