"""Synthesise notes with numbers in the forms in which people write them: lists, calculations, entries, amounts."""

import re
from collections.abc import Callable, Iterator

from pipeline.reader_training.synthesis.number_text import (
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
    CODE_LETTERS,
    FIRST_NAMES,
    MONTHS,
    OPERATORS,
    UNITS,
    WEEKDAYS,
)
from pipeline.reader_training.synthesis.words import make_initials, make_opening, make_phrase, make_words

# Characters for what has none: a sign without a name (a doodle, a letter, a drawing); before a number, that it is
# raised, lowered or struck out; after a comma, that a number of its own follows.
SIGN = "\ue000"
RAISED, LOWERED, STRUCK, SPACED = "\ue001", "\ue004", "\ue002", "\ue005"
PARTS = (  # of mixed lines
    *("{number}", "{number}", "{number}{gap}{unit}", "{opening}{gap}{number}"),
    *("{word}", "{word}", "{word},", "{operator}"),
)


def make_note(generator: Generator) -> str:
    """Return a line in one of the NOTE_FORMS, with at least one number, which may be struck out."""
    return _fill(pick(NOTE_FORMS[choose(NOTE_SHARES, generator)], generator), generator)


def _fill(form: str, generator: Generator) -> str:
    filled = dict[str, str]()

    def fill(field: re.Match[str]) -> str:  # the same field, such as a gap, has one value in a line
        name = field[1]
        if name not in filled:
            filled[name] = FIELDS[name.rstrip("23")](generator)
        return filled[name]

    return re.sub(r"\{(\w+)\}", fill, form)


def _make_list(generator: Generator) -> str:
    """Return numbers apart, with or without commas and spaces."""
    comma = pick((", ", ", ", f",{SPACED}", f",{SPACED}", "; ", " ", " , "), generator)
    count, length = int(generator.integers(3 if comma == f",{SPACED}" else 2, 8)), int(generator.integers(1, 4))
    return comma.join(make_digits(int(generator.integers(1, length + 1)), generator) for _ in range(count))


def _make_terms(generator: Generator) -> str:
    """Return an expression or an equation of terms with letters, exponents, brackets and roots."""
    letters = pick(("x", "x", "xy", "ab", "n", "abc", "xyz", "t"), generator)

    def term() -> str:
        factor = random_number(generator, 1, 10 ** int(generator.integers(1, 3)))
        letter = letters[generator.integers(len(letters))]
        power = RAISED + random_number(generator, 2, 10) if generator.random() < 0.35 else ""
        forms = (factor, factor, f"{factor}{letter}{power}", f"{letter}{power}", f"{factor}({letter} + {factor})")
        return pick((*forms, f"√{factor}", f"{factor}{RAISED}2", f"{letter}{LOWERED}{factor}{power}"), generator)

    operators = [pick((" + ", " - ", " − ", " = ", "·", "+", "="), generator) for _ in range(generator.integers(1, 4))]
    return term() + "".join(operator + term() for operator in operators)


def _pick(*texts: str) -> Callable[[Generator], str]:
    return lambda generator: pick(texts, generator)


def _below(limit: int, low: int = 0) -> Callable[[Generator], str]:
    return lambda generator: random_number(generator, low, limit)


# What the forms of notes name in braces. A 2 or 3 at the end of a name tells fields of one kind apart.
FIELDS: dict[str, Callable[[Generator], str]] = {
    "number": make_number,
    "date": make_date,
    "time": make_time,
    "amount": make_amount,
    "list": _make_list,
    "terms": _make_terms,
    "phrase": make_phrase,
    "word": make_words,
    "opening": make_opening,
    "initials": make_initials,
    "letters": lambda generator: make_initials(generator).replace(".", "").replace(" ", ""),
    "digits": lambda generator: make_digits(int(generator.integers(1, 6)), generator),
    "few": lambda generator: random_number(generator, 0, 10 ** int(generator.integers(1, 4))),
    "small": _below(30, 1),
    "one": _below(10),
    "day": _below(32, 1),
    "year": _below(2035, 1990),
    "hour": _below(24),
    "minute": lambda generator: random_number(generator, 0, 60).zfill(2),
    "whole": _below(1000, 1),
    "capitals": _pick(*CODE_LETTERS),
    "letter": _pick(*"abcdeghxABCDEFHKX"),
    "item": _pick(*"abcdefg"),
    "variable": _pick(*"xynabtdfkmhpruvw"),
    "month": _pick(*MONTHS),
    "weekday": _pick(*WEEKDAYS),
    "name": _pick(*FIRST_NAMES),
    "unit": _pick(*UNITS),
    "currency": _pick("€", "$", "£", "EUR", "CHF", "Fr.", "Rs.", "Rs", "₹"),
    "clock": _pick("Uhr", "h", "am", "pm"),
    "at": _pick("um", "at", "ab", "à"),
    "answer": _pick(*ANSWERS),
    "check": _pick(*CHECKS),
    "sign": _pick("+", "+", "x", "×", "·", "÷", "*"),
    "arrow": _pick("→", "→", "→", "←", "↑", "↓", "⇒", "->", "=>"),
    "bullet": _pick("-", "*", "→", "•", "–"),
    "gap": _pick("", " "),
    "operator": _pick(*OPERATORS, SIGN, SIGN, *OPERATORS[:4]),
    "part": lambda generator: _fill(pick(PARTS, generator), generator),
}


# The forms of notes: a kind and its share, then its forms. A name in braces is a field; ^, _ and ~ stand before numbers
# that are raised, lowered or struck out.
NOTES = """
dates 1.5 | {date} | {date} | {day}. {month} {year} | {month} {day}, {year} | {weekday} {date} | {day} {month}
times 1.5 | {time} | {time} {clock} | {hour}h{minute} | {time} - {time2} | {at} {hour} {clock} | {weekday} {time}
amounts 3.5 | {currency}{gap}{amount} | {amount}{gap}{currency} | {whole}.- | {word} {amount} | {whole}/= | {whole}/- \
 | {currency}{gap}{whole}/- | {word} {whole}/= | {amount}/= | {word} = {whole}/-
calculations 6 | {few}{gap}{sign}{gap}{few2} | {few}{gap}{sign}{gap}{few2}{gap}={gap}{few3} | {few} − {few2} \
 | {few} - {few2} = {few3} | {few} − {few2} = {few3} | {few} {sign} {few2} {sign2} {few3} | = {few} | ={few} \
 | {one} {sign} {one2} {sign2} {one3} \
 | {few} : {few2} = {few3} | ({few}{sign}{few2}){sign2}{few3} | √{few} = {few2} | {few}{gap}={gap}{few2}{sign}{few3} \
 | {terms} | {terms} = {one} | {few} > {few2} | {few} < {few2}
brackets 6 | {word} ({number}) | {word} [{number}] | ({number}) | <{number}> | [{few}] | ({few}, {few2}) \
 | {variable}({one}){gap}={gap}{few} | {variable} = ({few}, {few2}) | {number} ({word}) | {number} ({few}) \
 | ({word} {few}) | {{few}} | ({few}) ({few2}) | [{few}] [{few2}]
lists 7 | {list} | {list} | [{list}] | [{list}] | ({list}) | {{list}} | {variable} = [{list}] | {word}: {list} \
 | {word} – {list} | {list} {word} | {variable} = {list}
powers 2 | {variable}_{one} | {variable}_{small}{gap}={gap}{few} | {variable}_{one}, {variable2}_{one2} \
 | {variable}^{one} | {few}{variable}^{one} | {few}{variable}^{one} + {few2}{variable} = {few3} \
 | {letters}_{one}{letters2}_{one2} | {variable}_{one} {variable2}_{one2} {variable3}_{one3} | {few} · 10^{one}
entries 4 | {small}. {word} {number} | {small}) {word} {number} | {bullet} {word} {number} | {item}) {word} {number} \
 | {small}) {word} {word2} | {small}. {word} {word2} | {item}) {number} | ({small}) {word} | Q{small}. {word} \
 | {small}) {word} – {few} | {small}) {number} | {small}. {number} | {small}.) {word} | {item}) {few} {item2}) {few2}
measures 3 | {number}{gap}{unit} {word} | {number}{gap}{unit} {number2}{gap}{unit} | {few}{unit} | {few}{unit} {word} \
 | {few}% | {word} {few}% | {few}°C | {few}° | {few}{gap}% {word} | {few}°{gap}{letter}
answers 1 | {number} {answer} / {answer2} {check}
labels 2 | {opening} {number} | {opening}{number} | {name} {number} {check} | {word}: {number} | {number} {initials} \
 | {number}{letter} {word} | {number}x {word} | {word} = {number} | {word}={few}
codes 3 | {letters}{digits} | {digits}{letters} | {letters}{digits}{letters2}{digits2} | {letters}-{digits} \
 | {word} {letters}{digits} | {small}{capitals}{digits} | {one}{capitals} | {one}{capitals}) {word} \
 | {small}{capitals} {word} | {item}{one} | {capitals}{digits} | {word} {one}{capitals}
corrections 2 | ~{digits} {number} | {number} ~{digits} | {word} ~{digits} {number} | ~{digits} \
 | {few}{sign}{few2} = ~{digits} {few3}
arrows 2 | {few} {arrow} {few2} | {few}{arrow}{few2} | {word} {arrow} {few} | {arrow} {few} \
 | {few} {arrow} {few2} {arrow} {few3} | {number} {arrow} {word} | {few} {arrow}
sentences 3 | {phrase} {few} {phrase2} | {word} {few} {word2} {word3} | {phrase} {few} | {word} {word2} {few}. {word3} \
 | {word} {few}, {few2} | {word} {few} {word2} {few2}
fractions 1.5 | {small}/{small2} {small3}/{one} | {one}/{one2} | {few} {one}/{one2} | {few}/{few2}{gap}={gap}{few3} \
 | {word} {few}/{whole} | {one}/{one2} {sign} {one3}/{small}
mixed 11 | {number} | {part} {number} | {number} {part} | {part} {number} {part2} {part3} | {number} {part} {part2} \
 | {part} {part2} {number} {part3} {part}
"""


def _read_forms() -> Iterator[tuple[str, float, tuple[str, ...]]]:
    marks = str.maketrans("^_~", RAISED + LOWERED + STRUCK)
    for line in NOTES.strip().splitlines():
        first, *forms = line.translate(marks).split(" | ")
        kind, share = first.split()
        yield kind, float(share), tuple(form.strip() for form in forms)


NOTE_SHARES = {kind: share for kind, share, _ in _read_forms()}
NOTE_FORMS = {kind: forms for kind, _, forms in _read_forms()}
