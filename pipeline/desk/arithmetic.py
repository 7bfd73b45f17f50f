"""Use the formulas of a form: choose among the alternatives of each reading, and find what does not add up.

A line that adds up is evidence for the readings in it. Let P be the probability, by the reader, of one combination of
readings. If they are wrong, their result agrees with the written one only by chance, about once in A = 10^k for a
result of k digits that are compared. By Bayes' rule, with equal prior odds that a line adds up, a combination that does
so has the weight A P, and any other has P. What no alternative covers is one more reading, with which nothing is known
to add up. Where two combinations add up, as with a 7 in both of two times that may be a 1 in both, neither is certain:
who writes one 7 like a 1 writes others so, too, so the same confusion in several numbers is as probable as in one of
them.

A total that decides for one sum of a line says something of the other numbers of this line, too: the checks pass on
what they say of each number (the sum-product algorithm, Kschischang, Frey and Loeliger 2001), down the page and up
again. As lines share only their sums with the total, this gives the joint posterior.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from heapq import nlargest
from operator import itemgetter

from pipeline.desk.forms.amounts import (
    MINUTE,
    Amount,
    find_decimal,
    find_exact_unit,
    format_amount,
    ignore_comma,
    may_be_amount,
    parse_amount,
    write_amount,
)
from pipeline.desk.forms.form import Form
from pipeline.desk.forms.formulas import Formula, UnknownError, evaluate_formula, list_fields
from pipeline.reader.batch.readings import Reading, RowReading
from pipeline.reader.pages.result import Problem, ProblemKind

MOST_COMBINATIONS = 1_000  # of alternatives that are tried: the most probable ones
DAY = 24
ROUNDED = 4  # results from which rounding can be a habit of a field, if they are half of those that fit


@dataclass(frozen=True)
class Comparison:
    """The number in a field, compared with a formula.

    fits: whether the written number is the result, None if that cannot be checked. result: the calculated number, None
    if there is none. precision: units in which they were compared, in one of the last digit that is written.
    """

    fits: bool | None
    result: Amount | None = None
    precision: float = 1.0


@dataclass(frozen=True)
class Habit:
    """How the numbers of a field are written. unit: that of most of them, 1/100 for two decimals.

    rounds: whether results are rounded to it, such as times to whole hours.
    """

    unit: Fraction = Fraction(1)
    rounds: bool = False


def check(formula: Formula, target: str, texts: Mapping[str, Sequence[str]], habit: Habit = Habit()) -> Comparison:
    """Compare the number in the field `target` with the result of a formula.

    texts: the numbers in each field, none in an empty cell. habit: of the field `target`. A number fits if it is at
    most half a unit away from the result; the unit is the smallest of all these numbers and of the habit, so that no
    digit remains that was not compared. Where results are rounded, no line can be proved: a number either differs, also
    when it is rounded, or it is not checked. A negative result of times is one across midnight, so a day is added; any
    other one is compared without its sign, because a minus is not read.
    """
    amounts = {field: [parse_amount(text) for text in each] for field, each in texts.items()}
    needed = list_fields(formula.tree, "field") | list_fields(formula.tree, "sum") | {target}
    if any(None in amounts.get(field, []) for field in needed):
        return Comparison(None)
    sums = {field: sum((each.value for each in some if each), Fraction(0)) for field, some in amounts.items() if some}
    units = {each.unit for field in needed for each in amounts.get(field, []) if each}
    try:
        value = evaluate_formula(formula.tree, sums, sums)
    except UnknownError:
        return Comparison(None)
    if value is None:
        return Comparison(None)
    if value < 0:
        value = value + DAY if MINUTE in units else -value
    found = next(iter(amounts.get(target, [])), None)
    unit = habit.unit if found is None else MINUTE if found.unit == MINUTE else min(found.unit, habit.unit)
    result = Amount(value, find_exact_unit(value, unit, MINUTE in units))
    if found is None:
        return Comparison(None, result)
    difference = abs(found.value - value)
    if habit.rounds:
        return Comparison(None if difference <= unit / 2 else False, result)
    finest = min(unit, *units)
    return Comparison(difference <= finest / 2, result, float(found.unit / finest))


def find_habits(found: Sequence[Reading], form: Form) -> dict[str, Habit]:
    """Return how the numbers of each field are written, on all pages together."""
    counts: dict[str, Counter[Fraction]] = defaultdict(Counter)
    fits: dict[tuple[str, bool], int] = Counter()  # lines that are exact, and others that are rounded
    pages = [[merge_separators(row, ".", form.patterns[row.region]) for row in page.rows] for page in found]
    for row in (row for page in pages for row in page):
        if amount := parse_amount(row.text):
            counts[row.region][amount.unit] += 1
    units = {field: counts[field].most_common(1)[0][0] if counts[field] else Fraction(1) for field in form.holds}
    for rows in pages:
        for asked in _list_checks(rows, form):
            written = asked.write({i: row.text for i, row in enumerate(rows)})
            exact, rounded = (
                check(asked.formula, asked.target, written, Habit(units[asked.target], rounds)).fits
                for rounds in (False, True)
            )
            fits[asked.target, bool(exact)] += bool(exact) or (exact is False and rounded is None)
    return {field: Habit(unit, fits[field, False] >= max(ROUNDED, fits[field, True])) for field, unit in units.items()}


def choose_decimal(form: Form, found: Sequence[Reading]) -> Form:
    """Return the form with the decimal separator of its table: that of the form, or the most frequent one of all pages.

    A field whose pattern names only one separator, or a colon, has other numbers.
    """
    counts = Counter(
        find_decimal(row.text) for page in found for row in page.rows if may_be_amount(form.patterns[row.region])
    )
    del counts[""]
    return replace(form, decimal=form.decimal or (counts.most_common(1)[0][0] if counts else "."))


def merge_separators(row: RowReading, decimal: str, pattern: str | None) -> RowReading:
    """Return a row whose texts are those of `write_amount`; those that differ only in a comma are one, and add up."""
    chances: dict[str, float] = defaultdict(float)
    texts: dict[str, str] = {}
    for read, chance in ((row.text, row.confidence), *row.alternatives):
        text = write_amount(read, decimal, pattern)
        chances[ignore_comma(text)] += chance
        texts.setdefault(ignore_comma(text), text)
    first, *others = chances
    alternatives = tuple((texts[each], round(chances[each], 6)) for each in others if each)
    confidence = min(round(chances[first], 6), 1.0)
    return replace(row, text=texts[first], confidence=confidence, alternatives=alternatives)


def apply_formulas(page: Reading, form: Form, habits: Mapping[str, Habit]) -> Reading:
    """Return a page with the readings that its formulas support, and problems where they do not add up.

    habits: see `find_habits`. Amounts have the decimal separator of the form; if two differed only in it, they are one.
    """
    decimal = form.decimal or "."
    rows = [merge_separators(row, decimal, form.patterns[row.region]) for row in page.rows]
    checks = list(_list_checks(rows, form))
    rows = _choose(rows, checks, habits)
    problems = [problem for each in checks if (problem := _find_problem(rows, each, habits[each.target], decimal))]
    text, digits = "\n".join(row.text for row in rows), "".join(row.digits for row in rows)
    confidence = round(math.prod(row.confidence for row in rows), 6) if rows else None
    whole = replace(page, text=text, digits=digits, confidence=confidence, alternatives=(), rows=tuple(rows))
    return replace(whole, problems=(*page.problems, *problems))


@dataclass(frozen=True)
class Check:
    """A formula for the number in the field `target` of a line, or of the page if line is 0.

    cells: indices of the rows in each of its fields. many: fields in which a space separates two numbers.
    """

    target: str
    formula: Formula
    line: int
    cells: Mapping[str, Sequence[int]]
    many: Collection[str]

    def write(self, texts: Mapping[int, str]) -> dict[str, list[str]]:
        """Return the numbers in each field, from the text of each row."""
        return {
            field: [part for i in some for part in (texts[i].split() if field in self.many else [texts[i]])]
            for field, some in self.cells.items()
        }


def _list_checks(rows: Sequence[RowReading], form: Form) -> Iterator[Check]:
    """Yield what is checked on a page: each line, then the sums."""
    places: dict[tuple[str, int], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row.line or form.holds[row.region] == "many":
            places[row.region, row.line].append(i)
    many = [field for field, holds in form.holds.items() if holds == "many"]
    lines = sorted({line for field, line in places if form.holds[field] == "lines"})
    checks = [(target, formula, line) for line in lines for target, formula in form.lines.items()]
    for target, formula, line in [*checks, *((target, formula, 0) for target, formula in form.sums.items())]:
        cells: dict[str, list[int]] = {}
        for field in sorted({target, *list_fields(formula.tree, "field")}):
            cells[field] = places.get((field, line if form.holds[field] == "lines" else 1), [])
        for field in sorted(list_fields(formula.tree, "sum")):
            cells[field] = [i for (name, _), some in sorted(places.items()) if name == field for i in some]
        yield Check(target, formula, line, cells, many)


def _choose(rows: Sequence[RowReading], checks: Sequence[Check], habits: Mapping[str, Habit]) -> list[RowReading]:
    """Return the rows with the most probable readings, given which combinations of them add up."""
    beliefs = [_list_readings(row) for row in rows]
    told: dict[tuple[int, int], dict[str, float]] = {}  # what a check has said of a row: factors of its probabilities
    chosen = [*rows]
    down = list(enumerate(checks))
    for number, asked in [*down, *reversed(down)]:
        used = sorted({i for some in asked.cells.values() for i in some})
        before = [_normalise(beliefs[i], told.get((number, i), {})) for i in used]
        for i, known, (text, chances) in zip(used, before, _weigh_check(asked, used, before, habits), strict=False):
            told[number, i] = {each: chance / known[each] for each, chance in chances.items()}
            beliefs[i] = chances
            chosen[i] = _replace_reading(rows[i], text, chances)
    return chosen


def _weigh_check(
    asked: Check, used: Sequence[int], readings: Sequence[Mapping[str, float]], habits: Mapping[str, Habit]
) -> list[tuple[str, dict[str, float]]]:
    def fits(texts: Sequence[str]) -> float | None:
        written = asked.write(dict(zip(used, texts, strict=True)))
        return count_results(asked.formula, asked.target, written, habits[asked.target])

    return weigh(readings, fits)


def count_results(
    formula: Formula, target: str, texts: Mapping[str, Sequence[str]], habit: Habit = Habit()
) -> float | None:
    """Return how many other numbers the written one could be, as far as it was compared; None if it does not fit.

    For 8 hours that fit times to the minute, they are 10 times 60.
    """
    compared = check(formula, target, texts, habit)
    digits = sum(character.isdecimal() for text in texts[target] for character in text)
    return 10**digits * compared.precision if compared.fits else None


def _normalise(chances: Mapping[str, float], factors: Mapping[str, float]) -> dict[str, float]:
    """Return probabilities without these factors."""
    divided = {text: chance / factors.get(text, 1) for text, chance in chances.items()}
    total = sum(divided.values())
    return {text: chance / total for text, chance in divided.items()}


def weigh(
    readings: Sequence[Mapping[str, float]], fits: Callable[[Sequence[str]], float | None]
) -> list[tuple[str, dict[str, float]]]:
    """Return the text of each reading in the most probable combination, and the probabilities of its texts.

    The result is empty if no combination adds up. readings: the probability of each text; that of "" is of any other.
    fits: see `count_results`.
    """
    if not all(any(reading) for reading in readings):
        return []
    combined = [(texts, chance, fits(texts)) for texts, chance in _combine(readings)]
    best, most, _ = max(combined, key=lambda each: each[1] * (each[2] or 1))
    gains = []
    for texts, chance, results in combined:
        if results is not None:
            changed = [i for i, text in enumerate(texts) if text != best[i]]
            if len({_find_confusion(best[i], texts[i]) for i in changed}) == 1:
                chance = max(chance, most * min(readings[i][texts[i]] / readings[i][best[i]] for i in changed))
            gains.append((texts, chance * (results - 1)))
    if not gains:
        return []
    total = 1 + sum(gain for _, gain in gains)
    chances = [dict(reading) for reading in readings]
    for texts, gain in gains:
        for each, text in zip(chances, texts, strict=True):
            each[text] += gain
    return [
        (text, {each: chance / total for each, chance in some.items()})
        for text, some in zip(best, chances, strict=True)
    ]


def _find_confusion(old: str, new: str) -> frozenset[tuple[str, str]]:
    """Return which characters are exchanged in a text of the same length; of another length, the texts themselves."""
    if len(old) != len(new):
        return frozenset({(old, new)})
    return frozenset((min(pair), max(pair)) for pair in zip(old, new, strict=True) if pair[0] != pair[1])


def _list_readings(row: RowReading) -> dict[str, float]:
    """Return the probability of each text of a row; that of "" is of any other."""
    known = {text: chance for text, chance in ((row.text, row.confidence), *row.alternatives) if text and chance}
    other = 1 - sum(known.values())
    return {**known, "": other} if other > 0 else known


def _combine(readings: Sequence[Mapping[str, float]]) -> list[tuple[tuple[str, ...], float]]:
    """Return the most probable combinations of readings, and their probabilities."""
    found: list[tuple[tuple[str, ...], float]] = [((), 1.0)]
    for each in readings:
        found = [((*texts, text), share * chance) for texts, share in found for text, chance in each.items() if text]
        if len(found) > MOST_COMBINATIONS:
            found = nlargest(MOST_COMBINATIONS, found, key=itemgetter(1))
    return found


def _replace_reading(row: RowReading, text: str, chances: Mapping[str, float]) -> RowReading:
    others = [(each, round(chance, 6)) for each, chance in chances.items() if each and each != text]
    return replace(
        row,
        text=text,
        digits="".join(character for character in text if character.isdecimal()),
        confidence=round(chances[text], 6),
        alternatives=tuple(sorted(others, key=itemgetter(1), reverse=True)),
        withheld=False,
        before=row.before or ((row.text, row.confidence), *row.alternatives),
    )


def _find_problem(rows: Sequence[RowReading], asked: Check, habit: Habit, decimal: str) -> Problem | None:
    """Return what is wrong with a line or a sum, if anything is."""
    formula, target, line = asked.formula, asked.target, asked.line
    texts = {i: rows[i].text for some in asked.cells.values() for i in some}
    written = asked.write(texts)
    compared = check(formula, target, written, habit) if all(texts.values()) else Comparison(None)
    result = format_amount(compared.result, decimal) if compared.result else ""
    found = next(iter(written[target]), "")
    if compared.fits is False:
        kind: ProblemKind = "line" if line else "sum"
        return Problem(kind, f"{found}, but {formula.text} is {result}", target, line=line)
    if compared.fits is None and not line:
        return Problem("sum", f"{formula.text} cannot be checked", target)
    if result and not found:
        return Problem("missing", f"a number is missing: {formula.text} is {result}", target, line=line)
    empty = [field for field, some in written.items() if not any(some)]
    if found and empty and not result:
        return Problem("missing", "a number is missing", empty[0], line=line)
    return None
