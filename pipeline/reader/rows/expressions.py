"""Regular expressions over a few characters, and what remains of them after each character.

An expression is a sequence of parts. A part is a set of characters, given by their indices, a choice of sequences, or a
repetition. What may remain after a character is a set of sequences, the partial derivatives of the expression
(Antimirov 1996). A repetition is never expanded: after a character, its numbers are smaller by 1.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TOKEN = re.compile(  # in syntax that JavaScript shares, but for (?P<
    r"(?P<open>\((?:\?:)?(?!\?))|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<repetition>(?:[*+?]|\{(?=[\d,])(?P<low>\d*)(?P<comma>,?)(?P<high>\d*)\})\??(?!\+))"
    r"|(?P<atom>\\[dDsSwW]|\\[^0-9A-Za-z]|\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\][\\.^$*+?{}()|])"
)
REWORDED = {  # messages of Python on a pattern
    "missing ), unterminated subpattern": "a ( is not closed",
    "unterminated character set": "a [ is not closed",
    "unbalanced parenthesis": "a ) closes nothing",
    "nothing to repeat": "there is nothing to repeat before a * + ? or {",
}
UNNAMED = "\ue000"  # fits only a dot and negations; Unicode leaves its meaning open

Expression = tuple["frozenset[int] | Choice | Repetition", ...]


@dataclass(frozen=True)
class Choice:
    """One of several sequences."""

    options: tuple[Expression, ...]


@dataclass(frozen=True)
class Repetition:
    """A sequence several times, at least `low` and at most `high` or, if that is None, any number of times."""

    repeated: Expression
    low: int
    high: int | None


def parse_expression(text: str, characters: Sequence[str]) -> Expression:
    r"""Parse a regular expression in the syntax of Python's `re`, without anchors, references, flags and assertions.

    A dot and a negation, such as [^0] or \D, do not fit a space. Raises ValueError if the expression is wrong or has
    other syntax.
    """
    groups: list[list[list[frozenset[int] | Choice | Repetition]]] = [[[]]]  # the open ones: options, which have parts
    end = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)  # syntax that may get another meaning
        try:
            re.compile(text)
            while end < len(text):
                token = TOKEN.match(text, end)
                if not token:
                    raise ValueError(f"{text[end:]} is not supported")
                end = token.end()
                parts = groups[-1][-1]
                match token.lastgroup:
                    case "open":
                        groups.append([[]])
                    case "close":
                        options = groups.pop()
                        groups[-1][-1].append(Choice(tuple(map(tuple, options))))
                    case "bar":
                        groups[-1].append([])
                    case "atom":
                        parts.append(find_fitting_characters(token["atom"], characters))
                    case _:
                        parts[-1] = Repetition((parts[-1],), *_find_limits(token))
        except (re.error, OverflowError, RecursionError, FutureWarning) as error:
            raise ValueError(REWORDED.get(getattr(error, "msg", ""), str(error))) from error
    return (Choice(tuple(map(tuple, groups[0]))),)


def find_fitting_characters(atom: str, characters: Sequence[str]) -> frozenset[int]:
    """Return the indices of the characters that one character of an expression, such as [^0], fits."""
    is_open = re.fullmatch(atom, UNNAMED) is not None
    fitting = (i for i, each in enumerate(characters) if re.fullmatch(atom, each) and not (is_open and each == " "))
    return frozenset(fitting)


def _find_limits(token: re.Match[str]) -> tuple[int, int | None]:
    if token["low"] is None:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[token[0][0]]
    low = int(token["low"] or 0)
    return low, int(token["high"]) if token["high"] else None if token["comma"] else low


def list_atoms(expression: Expression) -> Iterator[frozenset[int]]:
    """Yield the sets of characters in an expression."""
    for part in expression:
        match part:
            case Choice(options):
                for option in options:
                    yield from list_atoms(option)
            case Repetition(repeated):
                yield from list_atoms(repeated)
            case _:
                yield part


def fits_nothing(expression: Expression) -> bool:
    """Return whether the empty text fits."""
    return all(_may_be_empty(part) for part in expression)


def _may_be_empty(part: "frozenset[int] | Choice | Repetition") -> bool:
    match part:
        case Choice(options):
            return any(map(fits_nothing, options))
        case Repetition(repeated, low, high):
            return low == 0 or high == 0 or fits_nothing(repeated)
        case _:
            return False


def derive(expression: Expression, character: int) -> Iterator[Expression]:
    """Yield the expressions that the rest of a text may fit after the character, some of them repeatedly."""
    for i, part in enumerate(expression):
        rest = expression[i + 1 :]
        match part:
            case Choice(options):
                for option in options:
                    yield from (each + rest for each in derive(option, character))
            case Repetition(repeated, low, high) if high != 0:
                remaining = Repetition(repeated, max(low - 1, 0), None if high is None else high - 1)
                after = rest if remaining.high == 0 else (remaining, *rest)
                yield from (each + after for each in derive(repeated, character))
            case frozenset() if character in part:
                yield rest
        if not _may_be_empty(part):
            break
