"""Synthesise the text of a number: digits with or without separators, dates, times and amounts."""

import numpy as np

from pipeline.reader_training.synthesis.signs import Generator, T, choose

GROUP = "\ue003"  # between the digits of a number: a gap that parts groups
MOST_DIGITS_DRAWN = 10  # digits of a number
LENGTH_SHARES = {1: 0.2, 2: 0.24, 3: 0.17, 4: 0.14, 5: 0.08, 6: 0.06, 7: 0.04, 8: 0.03, 9: 0.02, 10: 0.02}  # shares
PLAIN_FORMS = 0.3  # share of the numbers that are a date, a time or an amount, in digits
SEPARATED = 0.3  # share of the others of two or more digits with separators
SEPARATOR_SHARES = {".": 0.25, ",": 0.2, ":": 0.13, "/": 0.24, "-": 0.13, "'": 0.05}
GROUPED = 0.25  # share of the numbers of six or more digits in groups, as those of telephones and cards
NARROW_SHARE = 0.3  # share of the numbers of which half of the digits are a 1 or a 7


def make_number(generator: Generator, count: int | None = None) -> str:
    """Return a number of `count` digits, sometimes with separators; by default, of any kind and length."""
    if count is None and generator.random() < PLAIN_FORMS:
        return (make_date, make_date, make_time, make_amount)[generator.integers(4)](generator)
    count = count or choose(LENGTH_SHARES, generator)
    digits = make_digits(count, generator)
    if count == 1 or generator.random() >= SEPARATED:
        return digits
    if count >= 6 and generator.random() < GROUPED:
        cuts = set(range(int(generator.integers(2, 5)), count - 1, int(generator.integers(2, 5))))
        return _cut(digits, cuts, GROUP)
    separator = choose(SEPARATOR_SHARES, generator)
    if separator in ".-/" and count > 3 and generator.random() < 0.5:  # dates, telephone numbers
        return _cut(digits, {2, 4} if count > 4 or generator.random() < 0.5 else {1, 2}, separator)
    if separator in ".,'" and count > 3 and generator.random() < 0.3:  # thousands
        return _cut(digits, set(range(count - 3, 0, -3)), separator)
    if separator in ".,:" and count > 2 and generator.random() < 0.5:  # amounts, times
        return _cut(digits, {count - 2}, separator)
    return _cut(digits, {int(generator.integers(1, count))}, separator)


def _cut(digits: str, cuts: set[int], separator: str) -> str:
    """Return the digits with a separator before each of the places."""
    return "".join(separator + digit if i in cuts else digit for i, digit in enumerate(digits))


def make_date(generator: Generator) -> str:
    """Return a date in digits, with or without its year."""
    day, month, year = (random_number(generator, *ends) for ends in ((1, 32), (1, 13), (1990, 2035)))
    if generator.random() < 0.5:
        day, month = day.zfill(2), month.zfill(2)
    mark, short = pick((".", "/", "/", "-"), generator), year[2:]
    forms = (
        mark.join([day, month, year]),
        mark.join([day, month, short]),
        mark.join([month, day, short]),
        f"{day}{mark}{month}",
        f"{day}.{month}.",
        f"{year}-{month.zfill(2)}-{day.zfill(2)}",
    )
    return pick(forms, generator)


def make_time(generator: Generator) -> str:
    """Return a time of the day in digits."""
    hour, minute = random_number(generator, 0, 24), random_number(generator, 0, 60).zfill(2)
    mark = pick((":", ":", ":", "."), generator)
    seconds = mark + random_number(generator, 0, 60).zfill(2) if generator.random() < 0.2 else ""
    return (hour.zfill(2) if generator.random() < 0.3 else hour) + mark + minute + seconds


def make_amount(generator: Generator) -> str:
    """Return an amount of money, with a point or a comma before its cents."""
    whole, cents = (
        random_number(generator, 0, 10 ** int(generator.integers(1, 6))),
        random_number(generator, 0, 100).zfill(2),
    )
    point = pick((".", ","), generator)
    if len(whole) > 3 and generator.random() < 0.6:
        whole = _cut(whole, {len(whole) - 3}, "'" if generator.random() < 0.2 else {".": ",", ",": "."}[point])
    return f"{whole}{point}{cents}"


def make_digits(count: int, generator: Generator) -> str:
    """Return `count` digits; some of the numbers are rich in ones, which are easily missed, and in sevens."""
    digits = generator.integers(0, 10, count)
    if generator.random() < NARROW_SHARE:
        digits = np.where(generator.random(count) < 0.5, generator.choice([1, 1, 1, 7], count), digits)
    return "".join(map(str, digits.tolist()))


def pick(choices: tuple[T, ...], generator: Generator) -> T:
    """Return one of the choices."""
    return choices[generator.integers(len(choices))]


def random_number(generator: Generator, low: int, high: int) -> str:
    """Return a whole number from `low` to `high`, exclusive, in digits."""
    return str(generator.integers(low, high))
