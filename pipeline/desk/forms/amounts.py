"""Numbers as people write them: amounts with a point or a comma, and times."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

AMOUNT = re.compile(r"(.*?)(?:[.,](\d{1,2})|\s+(\d\d))?", re.ASCII | re.DOTALL)
WHOLE_NUMBER = re.compile(r"\d*|\d{1,3}(\s\d{3})+", re.ASCII)
TIME = re.compile(r"(\d{1,3}):([0-5]\d)", re.ASCII)
CLOCK = re.compile(r"(?<!\S)(\d{1,2})[.,]([0-5]\d)(?!\S)", re.ASCII)
SYNTAX = re.compile(r"\(\?:|\{[\d,]*\}")  # of a pattern, with signs that stand for no separator
WITH_DECIMALS = re.compile(r"(\d+|\d{1,3}(?:[.,' ]\d{3})+)([.,])(\d{1,2})", re.ASCII)
MINUTE = Fraction(1, 60)
OTHER_DECIMAL = {".": ",", ",": "."}  # the separator that groups digits if this one precedes the decimals


@dataclass(frozen=True)
class Amount:
    """A number. unit: the value of its last digit: 1/100 for two decimals, 1/60 for a time with minutes."""

    value: Fraction
    unit: Fraction = Fraction(1)

    @property
    def decimals(self) -> int:
        """The number of its decimals, 0 for a time."""
        return 0 if self.unit == MINUTE else len(str(self.unit.denominator)) - 1


@lru_cache(maxsize=4096)  # the combinations of alternatives repeat them
def parse_amount(text: str) -> Amount | None:
    """Return the number that a text is, or None if it is not one number. 8:30 is 8.5.

    A separator before the last digit, or before the last two, is a decimal one. A space before the last two digits is
    also one, because francs and centimes may have columns of their own, as in 44 00. Other spaces group three digits.
    """
    plain = text.replace("'", "").strip()
    if time := TIME.fullmatch(plain):
        return Amount(int(time[1]) + int(time[2]) * MINUTE, MINUTE)
    head, *tails = AMOUNT.fullmatch(plain).groups("")  # type: ignore[union-attr]
    head, tail = re.sub(r"[.,]", "", head), "".join(tails)
    if not WHOLE_NUMBER.fullmatch(head) or not head + tail:
        return None
    unit = Fraction(1, 10 ** len(tail))
    return Amount(int(re.sub(r"\s", "", head) + tail) * unit, unit)


def format_amount(amount: Amount, decimal: str) -> str:
    """Return a number as text, rounded half up to its unit."""
    units = (amount.value / amount.unit + Fraction(1, 2)).__floor__()
    sign, units = "-" * (units < 0), abs(units)
    if amount.unit == MINUTE:
        return f"{sign}{units // 60}:{units % 60:02}"
    if not amount.decimals:
        return f"{sign}{units}"
    digits = str(units).zfill(amount.decimals + 1)
    return f"{sign}{digits[: -amount.decimals]}{decimal}{digits[-amount.decimals :]}"


def find_exact_unit(value: Fraction, unit: Fraction, is_time: bool) -> Fraction:
    """Return the unit in which a result is not rounded: this one, a smaller one, or a minute if it is of times.

    A result that has no end, such as 8 / 3, has four decimals.
    """
    decimal = [Fraction(1, 10**count) for count in range(5)]
    units = [unit] if unit == MINUTE else [each for each in decimal if each <= unit]
    exact = (each for each in (*units[:3], *([MINUTE] if is_time else []), *units) if (value / each).denominator == 1)
    return next(exact, units[-1])


def write_amount(text: str, decimal: str, pattern: str | None) -> str:
    r"""Return a number as a table writes it: a time with a colon, and an amount with this decimal separator.

    pattern: what its field expects. One that names a colon is of times, and one that does not name the decimal
    separator is of neither, such as dates. Without one, every number may be an amount.

    >>> write_amount("8.30", ",", r"\d?\d[:.]\d\d"), write_amount("3.07", ",", r"\d[.]\d\d")
    ('8:30', '3.07')
    """
    named = decimal if pattern is None else SYNTAX.sub("", pattern)
    if ":" in named:
        text = CLOCK.sub(r"\1:\2", text)
    return replace_decimal(text, decimal) if decimal in named else text


def may_be_amount(pattern: str | None) -> bool:
    r"""Return whether the numbers of a field with this pattern have decimals after a point or a comma, as amounts do.

    >>> may_be_amount(r"\d+[.,]\d\d"), may_be_amount(r"\d\d[.]\d\d"), may_be_amount(r"\d?\d[:.,]\d\d")
    (True, False, False)
    """
    return all(write_amount(f"0{other}00", each, pattern) == f"0{each}00" for each, other in OTHER_DECIMAL.items())


def replace_decimal(text: str, decimal: str) -> str:
    """Return an amount with this decimal separator; the other one groups its digits. Other texts stay as they are.

    >>> replace_decimal("1.234,50", "."), replace_decimal("12.50", ","), replace_decimal("07.08.26", ",")
    ('1,234.50', '12,50', '07.08.26')
    """
    found = WITH_DECIMALS.fullmatch(text)
    if not found or found[2] == decimal:
        return text
    return f"{found[1].replace(decimal, OTHER_DECIMAL[decimal])}{decimal}{found[3]}"


def find_decimal(text: str) -> str:
    """Return the decimal separator of an amount, or "" if the text has none."""
    found = WITH_DECIMALS.fullmatch(text)
    return found[2] if found else ""


def ignore_comma(text: str) -> str:
    """Return a text in which a comma is a point, so that texts that differ in nothing else are equal."""
    return text.replace(",", ".")
