"""Use the formulas of a form: choose among the alternatives of each reading, and find what does not add up.

A line that adds up is evidence for the readings in it. Let P be the probability, by the reader, of one combination of
readings. If they are wrong, their result agrees with the written one only by chance, about once in A = 10^k for a
result of k digits that are compared. By Bayes' rule, with equal prior odds that a line adds up, a combination that does
so has the weight A P, and any other has P.

The reader may not have listed what is written. Where the most probable readings do not add up, the text that would make
them do so is one more reading of each number, with the probability that its listed ones leave, times that of being
misread as the one that was read (see `MISREAD`). It is offered to a person, but never taken: a number is changed only
to what was read, and only if little else is likely. Where two combinations add up, as with a 7 in both of two times
that may be a 1 in both, neither is certain: who writes one 7 like a 1 writes others so, too, so the same confusion in
several numbers is as probable as in one of them.

A total that decides for one sum of a line says something of the other numbers of this line, too: the checks pass on
what they say of each number (the sum-product algorithm, Kschischang, Frey and Loeliger 2001), down the page and up
again. As lines share only their sums with the total, this gives the joint posterior.
"""

import functools
import math
import re
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

MOST_COMBINATIONS = 300  # of alternatives that are tried: the most probable ones
DAY = 24
LIKELY = 8  # combinations of which each number is exchanged for each of its texts, or calculated
# Of misread numbers, the share with so many digits more than read, and so many others: see tests/benchmarks/sums.py.
MISREAD = {(0, 1): 0.55, (0, 2): 0.02, (1, 0): 0.4, (-1, 0): 0.02}
SETTLED = 0.9  # probability from which a number is changed
ROUNDED = 4  # results from which rounding can be a habit of a field, if they are half of those that fit


@dataclass(frozen=True)
class Comparison:
    """The number in a field, compared with a formula.

    fits: whether the written number is the result, None if that cannot be checked. result: the calculated number, None
    if there is none; signed: the same, also if it is negative. precision: units in which they were compared, in one of
    the last digit that is written.
    """

    fits: bool | None
    result: Amount | None = None
    precision: float = 1.0
    signed: Fraction | None = None


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
    sums = {field: _add([each.value for each in some if each]) for field, some in amounts.items() if some}
    units = {each.unit for field in needed for each in amounts.get(field, []) if each}
    try:
        value = evaluate_formula(formula.tree, sums, sums)
    except UnknownError:
        return Comparison(None)
    if value is None:
        return Comparison(None)
    signed = value
    if value < 0:
        value = value + DAY if MINUTE in units else -value
    found = next(iter(amounts.get(target, [])), None)
    unit = habit.unit if found is None else MINUTE if found.unit == MINUTE else min(found.unit, habit.unit)
    result = Amount(value, find_exact_unit(value, unit, MINUTE in units))
    if found is None:
        return Comparison(None, result, signed=signed)
    difference = abs(found.value - value)
    if habit.rounds:
        return Comparison(None if difference <= unit / 2 else False, result, signed=signed)
    finest = min(unit, *units)
    return Comparison(difference <= finest / 2, result, float(found.unit / finest), signed)


def _add(values: Sequence[Fraction]) -> Fraction:
    denominator = math.lcm(*(value.denominator for value in values))  # a sum of integers is ten times as fast
    return Fraction(sum(value.numerator * (denominator // value.denominator) for value in values), denominator)


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
    rows = _choose(rows, checks, form, habits)
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

    @property
    def used(self) -> list[int]:
        """The indices of all its rows."""
        return sorted({i for some in self.cells.values() for i in some})

    def count(self, texts: Mapping[int, str], habits: Mapping[str, Habit]) -> float | None:
        """Return what `count_results` does."""
        return count_results(self.formula, self.target, self.write(texts), habits[self.target])

    def solve(self, texts: Mapping[int, str], row: int, field: str, form: Form, habits: Mapping[str, Habit]) -> str:
        """Return the text of a row, in this field, with which the others add up, or "" if there is none."""

        def compare(text: str) -> Comparison:
            return check(self.formula, self.target, self.write({**texts, row: text}), habits[self.target])

        targets = self.cells[self.target]
        written = parse_amount(texts[targets[0]]) if targets else None
        if not written or field in self.many:
            return ""
        is_time = bool((like := parse_amount(texts[row])) and like.unit == MINUTE)
        value = None
        if field == self.target:
            value = result.value if (result := compare(texts[row]).result) else None
        else:  # a result is linear in each number, unless it divides by it
            zero, one = compare("0").signed, compare("1").signed
            if zero is not None and one is not None and zero != one:
                value = (written.value - zero) / (one - zero)
        if value is None or (value < 0 and not is_time):
            return ""
        value = value % DAY if is_time else value
        unit = MINUTE if is_time else find_exact_unit(value, habits[field].unit, False)
        text = format_amount(Amount(value, unit), form.decimal or ".")
        fits = self.count({**texts, row: text}, habits) is not None and _fits_pattern(text, form.patterns[field])
        return text if fits else ""


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


def _choose(
    rows: Sequence[RowReading], checks: Sequence[Check], form: Form, habits: Mapping[str, Habit]
) -> list[RowReading]:
    """Return the rows with the probabilities of their readings, given which combinations of them add up."""
    beliefs = [_list_readings(row) for row in rows]
    for asked in checks:
        for i, text, chance in _calculate(rows, beliefs, asked, form, habits):
            beliefs[i][""] -= chance
            beliefs[i][text] = chance
    told: dict[tuple[int, int], dict[str, float]] = {}  # what a check has said of a row: factors of its probabilities
    down = [(number, asked.used, _make_counter(asked, habits)) for number, asked in enumerate(checks)]
    for number, used, count in [*down, *reversed(down)]:
        before = [_normalise(beliefs[i], told.get((number, i), {})) for i in used]
        for i, known, chances in zip(used, before, weigh(before, count), strict=False):
            told[number, i] = {each: chance / known[each] for each, chance in chances.items()}
            beliefs[i] = chances
    weighed = {i for number, i in told}
    return [_replace_reading(row, beliefs[i]) if i in weighed else row for i, row in enumerate(rows)]


def _calculate(
    rows: Sequence[RowReading],
    beliefs: Sequence[Mapping[str, float]],
    asked: Check,
    form: Form,
    habits: Mapping[str, Habit],
) -> Iterator[tuple[int, str, float]]:
    """Yield the texts that would make likely readings add up: index of the row, text, probability.

    Nothing does where a column lacks a number of a line that has others.
    """
    readings = [beliefs[i] for i in asked.used]
    lines = {row.line for row in rows if row.line and form.holds[row.region] == "lines"}
    added = [] if asked.line else [field for field in asked.cells if form.holds[field] == "lines"]
    if any(len(asked.cells[field]) < len(lines) for field in added) or not all(any(reading) for reading in readings):
        return
    likely = [dict(zip(asked.used, texts, strict=True)) for texts, _ in _combine(readings)[:LIKELY]]
    if asked.count(likely[0], habits) is not None:
        return
    found = set()
    for texts in likely:
        for i, row in ((i, rows[i]) for i in asked.used):
            text = asked.solve(texts, i, row.region, form, habits)
            chance = beliefs[i].get("", 0) * estimate_misreading(row.text or texts[i], text) if text else 0
            if chance and text not in beliefs[i] and (i, text) not in found:
                found.add((i, text))
                yield i, text, chance


def _make_counter(asked: Check, habits: Mapping[str, Habit]) -> Callable[[tuple[str, ...]], float | None]:
    """Return a function that counts the results of a combination of texts, once for each."""

    @functools.cache
    def count(texts: tuple[str, ...]) -> float | None:
        return asked.count(dict(zip(asked.used, texts, strict=True)), habits)

    return count


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
    readings: Sequence[Mapping[str, float]], fits: Callable[[tuple[str, ...]], float | None]
) -> list[dict[str, float]]:
    """Return the probabilities of the texts of each reading, given which combinations of them add up.

    The result is empty if none does. readings: the probability of each text; that of "" is of any other. fits: see
    `count_results`.
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
    return [{each: chance / total for each, chance in some.items()} for some in chances]


def estimate_misreading(read: str, text: str) -> float:
    """Return the probability of each text that the reader has not listed, given what it has read instead."""
    old, new = ("".join(filter(str.isdecimal, each)) for each in (read, text))
    length, more = len(old), len(new) - len(old)
    if not more:
        changed = sum(one != other for one, other in zip(old, new, strict=True))
        return MISREAD.get((0, changed), 0.0) / float(math.comb(length, changed) * 9**changed)
    shorter, longer = sorted((old, new), key=len)
    is_one = any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))
    return MISREAD.get((more, 0), 0.0) * is_one / (10 * (length + 1) if more > 0 else length)


def _fits_pattern(text: str, pattern: str | None) -> bool:
    """Return whether a number fits the pattern of its field; one of digits alone leaves out separators."""
    plain = "".join(filter(str.isdecimal, text))
    return pattern is None or any(re.fullmatch(pattern, each, re.ASCII) for each in (text, plain))


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
    found.sort(key=itemgetter(1), reverse=True)
    exchanged = {
        (*texts[:i], text, *texts[i + 1 :]): share / reading[texts[i]] * chance
        for texts, share in found[:LIKELY]
        for i, reading in enumerate(readings)
        for text, chance in reading.items()
        if text
    }
    return [*{**dict(found), **exchanged}.items()]


def _replace_reading(row: RowReading, chances: Mapping[str, float]) -> RowReading:
    """Return a row with these probabilities: it is changed to what was read, too, and has nearly all of them."""
    listed = dict(((row.text, row.confidence), *row.alternatives))
    best = max((each for each in listed if each), key=lambda each: chances.get(each, 0))
    text = best if not row.text or chances[best] >= SETTLED else row.text
    others = [(each, round(chance, 6)) for each, chance in chances.items() if each and each != text]
    return replace(
        row,
        text=text,
        digits="".join(character for character in text if character.isdecimal()),
        confidence=round(chances.get(text, 0), 6),
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
