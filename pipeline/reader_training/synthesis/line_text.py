"""Split the text of a line of writing into numbers and other writing."""

import re
from dataclasses import dataclass

from pipeline.reader_training.synthesis.notes import LOWERED, RAISED, SPACED, STRUCK
from pipeline.reader_training.synthesis.number_text import GROUP

BEFORE = RAISED + LOWERED + STRUCK
NUMBER_TOKEN = re.compile(rf"[{BEFORE}]?\d+(?:[.,:/'{GROUP}-]\d+)*[.,:;]?|[^\d{BEFORE}{SPACED}]+")


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
