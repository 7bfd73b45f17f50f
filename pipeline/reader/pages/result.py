"""What was read in a picture: its rows, their numbers, and what a person should look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Alternatives = tuple[tuple[str, float], ...]


def enclose(boxes: NDArray[Any]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the rectangle around some boxes, (k, 4)."""
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = boxes[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


@dataclass(frozen=True, eq=False)
class Number:
    """Digits that belong together. The alternatives, boxes and probabilities are as in `Result`.

    It has no alternatives if it is uncertain where the number begins or ends: those of its row stand for it.

    text: what is written, with the separators between the digits, as in 12.50. digits: the digits alone. probability:
    the probability that the ink shows this text and no other.
    """

    text: str
    digits: str
    probability: float
    alternatives: Alternatives
    boxes: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of a rectangle around all digits, in pixels of the picture."""
        return enclose(self.boxes)


@dataclass(frozen=True, eq=False)
class Row:
    """The numbers in a row, from left to right. The alternatives, boxes and probabilities are as in `Result`.

    text: the numbers, with spaces between them. digits: the digits alone. confidence: the probability that this row
    is correct and that it has no other number; on a page of a form whose alignment is in doubt, it is 0 for this text
    and its alternatives, unless the region is the whole page. numbers: the same digits, number by number. region: the
    name of the field that the row is in. line: the number of its line in the table of the page, or 0. A row that does
    not fit its pattern has no text and no confidence, but it has the boxes of its ink. before: the text and its
    alternatives as they were read, if their confidence is 0 because the alignment is in doubt. digits_confidence: the
    probability that its digits are correct, however they are grouped.
    """

    text: str
    digits: str
    confidence: float
    alternatives: Alternatives
    boxes: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    numbers: tuple[Number, ...]
    region: str = ""
    line: int = 0
    before: Alternatives = ()
    digits_confidence: float = 0.0

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of a rectangle around all digits, in pixels of the picture."""
        return enclose(self.boxes)


# A page that cannot be aligned, is blank, the same as another one, or hardly fits the form: a person decides about it.
Doubt = Literal["foreign", "blank", "twice", "doubtful"]
# A page that is turned or scaled more than others; a field or cell without a number; ink that was not read; a row that
# fits no line; a field with fewer lines than on other pages; a line, and a sum, that does not add up.
ProblemKind = Literal[Doubt, "alignment", "missing", "ink", "unfit", "few", "line", "sum"]


@dataclass(frozen=True)
class Problem:
    """Something that a person should look at on a page of a form, because a number may be missing or wrong.

    what: in words. region: name of the field. box: left, top, right and bottom in pixels of the picture.
    line: number of the line in the table of the page. The last three are missing where they are not known.
    """

    kind: ProblemKind
    what: str
    region: str = ""
    box: tuple[int, int, int, int] | None = None
    line: int = 0


def find_doubt(problems: Iterable[Problem]) -> Problem | None:
    """Return the problem that keeps the numbers of a page out of the table, until a person has decided."""
    return next((problem for problem in problems if problem.kind in get_args(Doubt)), None)


@dataclass(frozen=True, eq=False)
class Result:
    """The digits in a picture, in reading order.

    text: what is written, each row on a line of its own, with spaces between its numbers; empty if no digit was found.
    digits: the digits alone. rows: the rows of numbers. confidence: the probability that the text is correct, 0 if
    there is no text. alternatives: the most probable other texts, each with its probability, unless the text is
    certain; of a row whose spaces are uncertain, first its digits all together and all apart. If no number is probable
    enough, the only one is the most probable number. boxes: a square around each digit, int64 (k, 4), as left, top,
    right and bottom in pixels of the picture as it is displayed; the square ends at the edge of the picture. size:
    (height, width) of the picture. probabilities: the probability of each class for each digit, float32 (k, classes); a
    row sums to less than 1, because the ink may be no digit. possible: the boxes, (m, 4), of digits of possible numbers
    that were not read, or that were read only with other digits; their probability is at least 0.03. more_pages:
    whether the file has several pages or frames, of which only one was read. problems: what may be missing on a page of
    a form. upright: how such a page is laid on its reference page, four numbers a, b, c, d: the pixel in row y and
    column x, as the complex number y + ix, lies at (a + bi)(y + ix) + c + di. degrees: by which the picture was
    turned clockwise before it was read; boxes and size are those of the turned picture. other: the result for another
    way up that is as likely. digits_confidence: the probability that the digits are correct, whatever stands between
    them.
    """

    text: str
    digits: str
    rows: tuple[Row, ...]
    confidence: float
    alternatives: Alternatives
    boxes: NDArray[np.int64]
    size: tuple[int, int]
    probabilities: NDArray[np.float32]
    possible: NDArray[np.int64]
    more_pages: bool = False
    problems: tuple[Problem, ...] = ()
    upright: tuple[float, ...] = ()
    digits_confidence: float = 0.0
    degrees: int = 0
    other: "Result | None" = None

    def _repr_html_(self) -> str:
        """Return a table of the rows, which a notebook shows instead of the arrays."""
        lines: list[tuple[str, ...]] = [("row", "confidence", "alternatives")] if self.rows else [("no digit found",)]
        for row in self.rows:
            alternatives = (f"{text} ({probability:.1%})" for text, probability in row.alternatives)
            lines.append((row.text, f"{row.confidence:.1%}", ", ".join(alternatives)))
        cells = ("".join(f"<td>{escape(cell)}</td>" for cell in line) for line in lines)
        return f"<table>{''.join(f'<tr>{line}</tr>' for line in cells)}</table>"
