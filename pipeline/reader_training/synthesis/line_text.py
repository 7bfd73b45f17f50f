"""Synthesise the text of a line of writing: numbers among words, units and signs, as people note them."""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.reader_training.synthesis.number_text import (
    GROUP,
    make_amount,
    make_date,
    make_digits,
    make_number,
    make_time,
    pick,
    random_number,
)
from pipeline.reader_training.synthesis.signs import Generator, choose
from pipeline.reader_training.synthesis.vocabulary import (
    ANSWERS,
    CHECKS,
    MONTHS,
    NAMES,
    OPENINGS,
    OPERATORS,
    SMALL_WORDS,
    UNITS,
    WEEKDAYS,
    WORDS,
)

# Characters for what has none: a sign without a name (a doodle, a letter, a drawing); before a number, that it is
# raised or struck out.
SIGN, RAISED, STRUCK = "\ue000", "\ue001", "\ue002"
NOTED = 0.4  # share of the lines that are one of NOTES
PARTS = {"number": 0.45, "word": 0.37, "sign": 0.12, "mark": 0.06}  # of the other lines
KNOWN, PAIRED = 0.6, 1 / 12  # shares of the words that are in a list, and that are two words beside a sign
UNIT, OPENING = 0.5, 0.2  # shares of the words after a number that are units, and of those before one
NAMELESS = 0.4  # share of the signs
LIKE_DIGITS = frozenset("bgijloqszBGIJOQSZ")  # except within a word
FREQUENT, ALL = "etaoinsrhldcu", string.ascii_lowercase  # letters of unknown words; the first are 70 % of them
NUMBER = re.compile(rf"[{RAISED}{STRUCK}]?\d+(?:[.,:/'{GROUP}-]\d+)*[.,:;]?|[^\d{RAISED}{STRUCK}]+")


@dataclass(frozen=True)
class Token:
    """A number, with separators, or other writing. joined: whether it follows what precedes it without a space."""

    text: str
    joined: bool

    @property
    def is_number(self) -> bool:
        """Whether the token is a number that counts."""
        return self.text.lstrip(RAISED)[:1].isdigit()

    @property
    def is_raised(self) -> bool:
        """Whether the token is a number above the line, such as an exponent."""
        return self.text[0] == RAISED

    @property
    def is_struck(self) -> bool:
        """Whether the token is a number that was struck out, which counts as other writing."""
        return self.text[0] == STRUCK


def tokenize(text: str) -> list[Token]:
    """Split a line at its spaces, and between numbers and what adjoins them: `5kg` is a number and a word."""
    return [Token(part, joined=index > 0) for word in text.split() for index, part in enumerate(NUMBER.findall(word))]


def make_words(generator: Generator) -> str:
    """Return a word, or two beside a sign."""
    if generator.random() >= PAIRED:
        return _choose_word(generator)
    words = [pick(ANSWERS, generator) if generator.random() < 0.4 else _choose_word(generator) for _ in range(2)]
    return str(generator.choice([" / ", "/", "-", " - ", " & ", "&", "+"])).join(words)


def make_phrase(generator: Generator) -> str:
    """Return words of a sentence, most of them small words, some of whose letters resemble digits."""
    count = generator.integers(3, 9)
    words = [
        pick(SMALL_WORDS, generator) if generator.random() < 0.7 else _choose_word(generator) for _ in range(count)
    ]
    return " ".join(words)


def _choose_word(generator: Generator) -> str:
    if generator.random() >= KNOWN:
        return make_word(generator)
    word = pick(WORDS, generator)
    return [word, word.lower(), word.upper(), f"{word}:"][generator.choice(4, p=[0.74, 0.1, 0.08, 0.08])]


def make_word(generator: Generator) -> str:
    """Return letters that look like a word, at least a third of which do not look like digits."""
    while True:
        count = int(generator.integers(2, 11))
        frequent = generator.random(count) < 0.7
        letters = np.where(frequent, generator.choice(list(FREQUENT), count), generator.choice(list(ALL), count))
        word = "".join(letters.tolist())
        word = [word, word.capitalize(), word.upper()][generator.choice(3, p=[0.5, 0.3, 0.2])]
        if 3 * sum(letter not in LIKE_DIGITS for letter in word) >= max(count, 4):
            return word


def make_line(generator: Generator) -> str:
    """Return a line of writing with at least one number, which may be struck out."""
    if generator.random() < NOTED:
        return NOTES[generator.integers(len(NOTES))](generator)
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
            line += " " + _make_opening(generator) + str(generator.choice([" ", "", "\t"]))
        else:
            line += " " + make_words(generator)
    return line.replace("\t ", "")


def _make_opening(generator: Generator) -> str:
    return _make_initials(generator) if generator.random() < 0.25 else pick(OPENINGS, generator)


def _make_initials(generator: Generator) -> str:
    letters = [str(generator.choice(list("ABCDEFGHJKLMNPRSTUVW"))) for _ in range(generator.integers(1, 4))]
    return str(generator.choice(["", ".", ". "])).join(letters) + str(generator.choice(["", "."]))


def _date(generator: Generator) -> str:
    day, year, name = random_number(generator, 1, 32), random_number(generator, 1990, 2035), pick(MONTHS, generator)
    forms = (
        make_date(generator),
        make_date(generator),
        f"{day}. {name} {year}",
        f"{name} {day}, {year}",
        f"{pick(WEEKDAYS, generator)} {make_date(generator)}",
        f"{day} {name}",
    )
    return pick(forms, generator)


def _time(generator: Generator) -> str:
    clock, hour = make_time(generator), random_number(generator, 0, 24)
    forms = (
        clock,
        f"{clock} {pick(('Uhr', 'h', 'am', 'pm'), generator)}",
        f"{hour}h{random_number(generator, 0, 60).zfill(2)}",
        f"{clock} - {make_time(generator)}",
        f"{pick(('um', 'at', 'ab', 'à'), generator)} {hour} {pick(('Uhr', 'h', 'pm'), generator)}",
        f"{pick(WEEKDAYS, generator)} {clock}",
    )
    return pick(forms, generator)


def _amount(generator: Generator) -> str:
    amount, whole = make_amount(generator), random_number(generator, 1, 1000)
    currency, gap = pick(("€", "$", "£", "EUR", "CHF", "Fr."), generator), pick(("", " "), generator)
    forms = (f"{currency}{gap}{amount}", f"{amount}{gap}{currency}", f"{whole}.-", f"{make_words(generator)} {amount}")
    return pick(forms, generator)


def _sum(generator: Generator) -> str:
    numbers = [random_number(generator, 1, 10 ** int(generator.integers(1, 4))) for _ in range(3)]
    operator, gap = pick(("+", "+", "-", "x", "×", "÷"), generator), pick((" ", " ", ""), generator)
    gap = " " if operator == "-" else gap  # it would be a separator
    line = f"{numbers[0]}{gap}{operator}{gap}{numbers[1]}"
    return f"{line}{gap}={gap}{numbers[2]}" if generator.random() < 0.6 else line


def _entry(generator: Generator) -> str:
    number = make_number(generator)
    marks = (
        random_number(generator, 1, 30) + pick((".", ")", ")", ""), generator),
        pick(("-", "*", "a)", "b)", "→"), generator),
    )
    return f"{pick(marks, generator)} {make_words(generator)} {number}"


def _measure(generator: Generator) -> str:
    number, unit = make_number(generator), pick(UNITS, generator)
    gap = pick(("", " "), generator)
    other = f" {make_words(generator)}" if generator.random() < 0.5 else f" {make_number(generator)}{gap}{unit}"
    return f"{number}{gap}{unit}{other}"


def _bracket(generator: Generator) -> str:
    number, ends = make_number(generator), pick(("()", "[]", "()", "<>"), generator)
    return f"{make_words(generator)} {ends[0]}{number}{ends[1]}" if generator.random() < 0.6 else f"({number})"


def _answer(generator: Generator) -> str:
    one, other = pick(ANSWERS, generator), pick(ANSWERS, generator)
    return f"{make_number(generator)} {one} / {other} {pick(CHECKS, generator)}"


def _label(generator: Generator) -> str:
    number = make_number(generator)
    forms = (
        f"{_make_opening(generator)} {number}",
        f"{_make_opening(generator)}{number}",
        f"{pick(NAMES, generator)} {number} {pick(CHECKS, generator)}",
        f"{make_words(generator)}: {number}",
        f"{number} {_make_initials(generator)}",
        f"{number}{pick(tuple('abcdeghxABCDEFHKX'), generator)} {make_words(generator)}",
        f"{make_number(generator)}x {make_words(generator)}",
    )
    return pick(forms, generator)


def _algebra(generator: Generator) -> str:
    """Return an expression or an equation of terms with letters, exponents, brackets and roots."""
    letters = pick(("x", "x", "xy", "ab", "n", "abc", "xyz", "t"), generator)

    def term() -> str:
        factor = random_number(generator, 1, 10 ** int(generator.integers(1, 3)))
        letter = letters[generator.integers(len(letters))]
        power = RAISED + random_number(generator, 2, 10) if generator.random() < 0.35 else ""
        forms = (factor, factor, f"{factor}{letter}{power}", f"{letter}{power}", f"{factor}({letter} + {factor})")
        return pick((*forms, f"√{factor}", f"{factor}{RAISED}2"), generator)

    operators = [pick((" + ", " - ", " - ", " = ", "·", "+", "="), generator) for _ in range(generator.integers(1, 4))]
    line = term() + "".join(operator + term() for operator in operators)
    return f"{line} = {random_number(generator, 0, 100)}" if generator.random() < 0.4 else line


def _code(generator: Generator) -> str:
    """Return a code of letters and digits, such as that of a course, a room or a product."""
    letters = [_make_initials(generator).replace(".", "").replace(" ", "") for _ in range(2)]
    if generator.random() < 0.2:
        letters = [letter.lower() for letter in letters]
    numbers = [make_digits(int(generator.integers(1, 5)), generator) for _ in range(2)]
    forms = (letters[0] + numbers[0], numbers[0] + letters[0], letters[0] + numbers[0] + letters[1] + numbers[1])
    return pick((*forms, f"{letters[0]}-{numbers[0]}", f"{make_words(generator)} {letters[0]}{numbers[0]}"), generator)


def _correction(generator: Generator) -> str:
    """Return a number that was struck out, beside the one that replaces it."""
    struck, number = STRUCK + make_digits(int(generator.integers(1, 6)), generator), make_number(generator)
    forms = (f"{struck} {number}", f"{number} {struck}", f"{make_words(generator)} {struck} {number}", struck)
    return pick(forms, generator)


# The kinds of lines that people note, the frequent ones several times.
NOTES: tuple[Callable[[Generator], str], ...] = (
    *(_date, _date, _time, _time, _amount, _amount, _amount, _sum, _entry, _entry, _measure, _measure, _bracket),
    *(_answer, _label, _label, _algebra, _algebra, _algebra, _code, _code, _correction),
)
