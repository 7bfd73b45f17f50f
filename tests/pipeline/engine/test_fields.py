"""A value of a dataclass that does not fit is named, with what fits."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from pipeline.engine.documents import FINITE, Positive
from pipeline.engine.errors import UsageError
from pipeline.engine.fields import check_values


@dataclass(frozen=True)
class Settings:
    rate: Annotated[float, Meta(gt=0, le=FINITE), "Rate."] = 1.0
    fraction: Annotated[float, Meta(ge=0, lt=1), "Fraction."] = 0.0
    count: Annotated[Positive, "Count."] = 1
    kind: Annotated[Literal["a", "b"], "Kind."] = "a"

    def __post_init__(self) -> None:
        check_values(self)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": 0.0}, "rate cannot be 0.0: Expected `float` > 0.0"),
        ({"rate": float("inf")}, "rate cannot be inf: Expected `float` <= 1.79"),
        ({"fraction": 1.5}, "fraction cannot be 1.5: Expected `float` < 1.0"),
        ({"count": 0}, "count cannot be 0: Expected `int` >= 1"),
        ({"count": "x"}, "count cannot be 'x': Expected `int`, got `str`"),
        ({"kind": "c"}, "kind cannot be 'c': use one of a, b"),
    ],
)
def test_message_says_what_fits(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        Settings(**values)  # type: ignore[arg-type]
    assert str(raised.value).startswith(message)


def test_whole_number_fits_a_float() -> None:
    assert type(Settings(rate=2).rate) is float
