"""Shares, times and values as the report spells them."""

from datetime import UTC, datetime
from typing import Any

NARROW = "\u202f"  # a space before a % sign


def percent(share: float | None, digits: int = 2) -> str:
    """A share in [0, 1] as text. What is less than all is not rounded to all."""
    if share is None:
        return "–"
    text = f"{100 * share:.{digits}f}"
    if share < 1 - 1e-9 and float(text) == 100:  # nearer than that is the rounding of sums
        text = f"{100 - 10.0**-digits:.{digits}f}"
    return f"{text}{NARROW}%"


def when(made: str) -> str:
    """A time of a manifest, for people; in UTC, so that the page is the same wherever it is made."""
    return f"{datetime.fromisoformat(made).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """Some seconds, for people."""
    minutes = round(seconds / 60)
    return f"{seconds:.1f} s" if seconds < 100 else f"{minutes} min" if minutes < 100 else f"{seconds / 3600:.1f} h"


def in_words(name: str) -> str:
    """The name of a parameter in words."""
    return name.replace("_", " ")


def shown(value: Any) -> str:
    """The value of a parameter; empty `layers` are none."""
    return "none" if value in ("", None) else str(value)
