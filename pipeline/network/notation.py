"""Notation of hidden layers: `conv16,conv64,128` is two convolutions and a dense layer; the output layer is implied.

`conv16x5/2` has 16 filters, a kernel of 5 x 5 and a stride of 2. This kernel and stride are the defaults. `pool3/2` is
max pooling with a kernel of 3 x 3 and a stride of 2; without it, the stride is as large as the kernel. This module does
not import NumPy, so that `--help` is fast; `pipeline.network.layers` has the class of each kind.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.engine.errors import UsageError

LARGEST = 1_000_000
MAX_LAYERS = 1000  # which no useful network has


@dataclass(frozen=True)
class Notation:
    """Notation of a kind of layer: a prefix, then numbers, each after its separator.

    separators: by the name of the number. defaults: of the numbers that can be left out; the name of another number
    stands for the value of that one.
    """

    prefix: str
    separators: Mapping[str, str]
    defaults: Mapping[str, int | str]

    def parse(self, text: str) -> dict[str, int] | None:
        """Return the numbers in a text by name; None if it is not of this kind."""
        number = r"([1-9]\d{0,6})"
        parts = [
            f"(?:{separator}{number})" + "?" * (name in self.defaults) for name, separator in self.separators.items()
        ]
        match = re.fullmatch(self.prefix + "".join(parts), text, re.ASCII)
        if not match:
            return None
        given = {name: int(found) for name, found in zip(self.separators, match.groups(), strict=True) if found}
        return {name: given.get(name) or self.default(name, given) for name in self.separators}

    def default(self, name: str, numbers: Mapping[str, int]) -> int:
        """Return the default of a number, given the others."""
        value = self.defaults[name]
        return numbers[value] if isinstance(value, str) else value

    def format(self, numbers: Mapping[str, int]) -> str:
        """Return the shortest text for these numbers."""
        shown = {
            name: f"{separator}{numbers[name]}"
            for name, separator in self.separators.items()
            if name not in self.defaults or numbers[name] != self.default(name, numbers)
        }
        return self.prefix + "".join(shown.values())


NOTATIONS = {
    "dense": Notation("", {"outputs": ""}, {}),
    "conv": Notation(  # defaults: Simard, Steinkraus & Platt 2003
        "conv", {"outputs": "", "kernel": "x", "stride": "/"}, {"kernel": 5, "stride": 2}
    ),
    "pool": Notation("pool", {"kernel": "", "stride": "/"}, {"stride": "kernel"}),
}


def parse_layers(text: str) -> list[tuple[str, dict[str, int]]]:
    """Parse hidden layers, as in `conv16,conv64x3/1,128`, into the kind and the numbers of each. Raises UsageError."""
    parts = text.split(",") if text.strip() else []
    if len(parts) > MAX_LAYERS:
        raise UsageError(f"a network cannot have {len(parts):,} hidden layers: use {MAX_LAYERS:,} or fewer")
    return [_parse_layer(part.strip()) for part in parts]


def _parse_layer(text: str) -> tuple[str, dict[str, int]]:
    for kind, notation in NOTATIONS.items():
        numbers = notation.parse(text)
        if numbers and max(numbers.values()) <= LARGEST:
            return kind, numbers
    raise UsageError(
        f"layers cannot contain '{text}': write units as 128, convolutions as conv16 or conv16x5/2 (filters, kernel, "
        f"stride) and max pooling as pool2 or pool3/2 (kernel, stride), with numbers from 1 to {LARGEST:,}"
    )


def format_layer(kind: str, numbers: Mapping[str, int]) -> str:
    """Return the shortest notation of one layer."""
    return NOTATIONS[kind].format(numbers)


def format_layers(text: str) -> str:
    """Return the shortest notation, the same for equal layers. Raises UsageError."""
    return ",".join(format_layer(*layer) for layer in parse_layers(text))
