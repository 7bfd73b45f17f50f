"""Fields of a dataclass with a help text and a range: the schema of recipes and of the augmentation."""

import math
import reprlib
from dataclasses import field, fields
from typing import Any, Literal, get_args, get_origin

from pipeline.engine.errors import UsageError

MAX_INTEGER = 1 << 63  # larger ones are neither indices nor floats


def hyperparameter(default: Any, description: str, interval: str = "") -> Any:
    """Return a dataclass field with a default, a help text for `--help`, and a range, as in `[0, 1)`."""
    return field(default=default, metadata={"help": description, "range": interval})


def check_values(values: Any) -> None:
    """Raise UsageError if a value of the dataclass is outside its field's range or not one of its choices."""
    for one in fields(values):
        found, choices = getattr(values, one.name), get_args(one.type)
        name = one.name.replace("_", " ")
        if get_origin(one.type) is Literal and found not in choices:
            raise UsageError(f"{name} must be one of {', '.join(choices)}, not '{found}'")
        if interval := one.metadata.get("range", ""):
            if not isinstance(found, int if one.type is int else int | float):
                raise UsageError(f"{name} must be {'a whole number' if one.type is int else 'a number'}, not {found!r}")
            _check_range(name, found, interval)
            object.__setattr__(values, one.name, found + 0)  # turns -0.0 into 0.0, so that the keys are equal


def _check_range(name: str, value: float, interval: str) -> None:
    (low, high), closed_below, closed_above = interval[1:-1].split(", "), interval[0] == "[", interval[-1] == "]"
    if not abs(value) < (MAX_INTEGER if isinstance(value, int) else math.inf):
        raise UsageError(f"{name} must be a finite number below 2^63, not {reprlib.repr(value)}")
    large_enough = value > float(low) or (value == float(low) and closed_below)
    small_enough = value < float(high) or (value == float(high) and closed_above)
    if not (large_enough and small_enough):
        limit = f" and {'at most' if closed_above else 'below'} {high}" if high != "inf" else ""
        raise UsageError(f"{name} must be {'at least' if closed_below else 'above'} {low}{limit}, not {value}")
