"""Notation of hidden layers: `conv16,conv64,128` is two convolutions and a dense layer; the output layer is implied.

`conv16x5/2` has 16 filters, a kernel of 5 x 5 and a stride of 2. This kernel and stride are the defaults. `pool3/2` is
max pooling with a kernel of 3 x 3 and a stride of 2; without it, the stride is as large as the kernel. Where height and
width differ, both are given: `conv16x5x3/2x1` has a kernel of 5 x 3 and a stride of 2 down and 1 along the row. `p1` or
`p0x8` pads the input of a convolution with zeros, `d4` takes every fourth pixel along the row, and `+` adds the input
to the output. This module does not import NumPy, so that `--help` is fast; `pipeline.network.layers` has the class of
each kind.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.engine.errors import UsageError

LARGEST = 1_000_000
MAX_LAYERS = 1000  # which no useful network has
NUMBER = r"(?:[1-9]\d{0,5}|1000000)"

Value = int | bool | tuple[int, int]
Values = dict[str, Value]


@dataclass(frozen=True)
class Form:
    """How a value is written. pattern: a regular expression for the text. read: the text -> the value. write: back."""

    pattern: str
    read: Callable[[str], Value]
    write: Callable[[Value], str]


def _read_pair(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    return int(height), int(width or height)


def _write_pair(pair: Value) -> str:
    assert isinstance(pair, tuple)
    height, width = pair
    return str(height) if height == width else f"{height}x{width}"


def _make_pair(number: str) -> Form:
    return Form(f"{number}(?:x{number})?", _read_pair, _write_pair)


ONE = Form(NUMBER, int, str)
PAIR = _make_pair(NUMBER)  # height and width, or one number for both
PAIR_OR_ZERO = _make_pair(f"(?:0|{NUMBER})")
FLAG = Form("", lambda _: True, lambda _: "")  # its separator alone


@dataclass(frozen=True)
class Setting:
    """A value in the notation.

    separator: before it. default: None if it must be given; the name of an earlier value stands for that value.
    """

    separator: str
    form: Form
    default: Value | str | None = None


@dataclass(frozen=True)
class Notation:
    """Notation of a kind of layer: a prefix, then values, by name."""

    prefix: str
    parts: Mapping[str, Setting]

    def parse(self, text: str) -> Values | None:
        """Return the values in a text by name; None if it is not of this kind."""
        patterns = [
            f"(?:{re.escape(part.separator)}({part.form.pattern})){'' if part.default is None else '?'}"
            for part in self.parts.values()
        ]
        match = re.fullmatch(self.prefix + "".join(patterns), text, re.ASCII)
        if not match:
            return None
        values: Values = {}
        for (name, part), found in zip(self.parts.items(), match.groups(), strict=True):
            values[name] = self.default(name, values) if found is None else part.form.read(found)
        return values

    def default(self, name: str, values: Mapping[str, Value]) -> Value:
        """Return the default of a value, given those before it."""
        value = self.parts[name].default
        assert value is not None
        return values[value] if isinstance(value, str) else value

    def format(self, values: Mapping[str, Value]) -> str:
        """Return the shortest text for these values."""
        shown = [
            part.separator + part.form.write(values[name])
            for name, part in self.parts.items()
            if part.default is None or values[name] != self.default(name, values)
        ]
        return self.prefix + "".join(shown)


NOTATIONS = {
    "dense": Notation("", {"outputs": Setting("", ONE)}),
    "conv": Notation(
        "conv",
        {
            "outputs": Setting("", ONE),
            "kernel": Setting("x", PAIR, (5, 5)),  # this and the stride: Simard, Steinkraus & Platt 2003
            "stride": Setting("/", PAIR, (2, 2)),
            "padding": Setting("p", PAIR_OR_ZERO, (0, 0)),
            "dilation": Setting("d", ONE, 1),
            "residual": Setting("+", FLAG, False),
        },
    ),
    "pool": Notation("pool", {"kernel": Setting("", PAIR), "stride": Setting("/", PAIR, "kernel")}),
}


def parse_layers(text: str) -> list[tuple[str, Values]]:
    """Parse hidden layers, as in `conv16,conv64x3/1,128`, into the kind and the values of each. Raises UsageError."""
    parts = text.split(",") if text.strip() else []
    if len(parts) > MAX_LAYERS:
        raise UsageError(f"a network cannot have {len(parts):,} hidden layers: use {MAX_LAYERS:,} or fewer")
    return [_parse_layer(part.strip()) for part in parts]


def _parse_layer(text: str) -> tuple[str, Values]:
    for kind, notation in NOTATIONS.items():
        if values := notation.parse(text):
            return kind, values
    raise UsageError(
        f"layers cannot contain '{text}': write units as 128, convolutions as conv16 or conv16x5/2 (filters, kernel, "
        f"stride) or conv16x1x5/1p0x8d4+ (height and width; padding, dilation, the input added), and max pooling as "
        f"pool2 or pool3/2 (kernel, stride), with numbers from 1 to {LARGEST:,}"
    )


def format_layer(kind: str, values: Mapping[str, Value]) -> str:
    """Return the shortest notation of one layer."""
    return NOTATIONS[kind].format(values)


def format_layers(text: str) -> str:
    """Return the shortest notation, the same for equal layers. Raises UsageError."""
    return ",".join(format_layer(*layer) for layer in parse_layers(text))
