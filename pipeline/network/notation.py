"""Notation of hidden layers: `conv16,conv64,128` is two convolutions and a dense layer; the output layer is implied.

`conv16x5/2` has 16 kernels of 5 x 5 and a stride of 2. This size and stride are the defaults. `pool3/2` is
max pooling with a kernel of 3 x 3 and a stride of 2; without it, the stride is as large as the kernel. `avgpool3/2` is
average pooling, and `dropout0.25` sets a quarter of the values to 0 in training. Where height and width differ, both
are given: `conv16x5x3/2x1` has a kernel of 5 x 3 and a stride of 2 down and 1 along the row. `p1` or `p0x8` pads the
input of a convolution with zeros, `d4` takes every fourth pixel along the row, and `+` adds the input to the output.
This module does not import NumPy, so that `--help` is fast; `pipeline.network.layers` has the class of each kind.
"""

import re
from dataclasses import dataclass

from pipeline.engine.errors import UsageError

LARGEST_NUMBER = 1_000_000
MAX_LAYERS = 1000  # which no useful network has
NUMBER_PATTERN = r"(?:[1-9]\d{0,5}|1000000)"

PAIR = f"{NUMBER_PATTERN}(?:x{NUMBER_PATTERN})?"  # height and width, or one number for both
SHARE_PATTERN = r"0\.\d{0,3}[1-9]"  # between 0 and 1, without zeros at the end
PAIR_OR_ZERO = f"(?:0|{NUMBER_PATTERN})(?:x(?:0|{NUMBER_PATTERN}))?"

LayerValue = int | float | bool | tuple[int, int]
Values = dict[str, LayerValue]


@dataclass(frozen=True)
class Setting:
    """A value in the notation.

    separator: the characters before the value. pattern: a regular expression for its text. default: its shortest text,
    or the name of an earlier value with the same text; None if the value must be given.
    """

    separator: str
    pattern: str
    default: str | None = None

    def read(self, text: str) -> LayerValue:
        """Return the value that a text stands for."""
        if self.pattern in (PAIR, PAIR_OR_ZERO):
            height, _, width = text.partition("x")
            return int(height), int(width or height)
        if self.pattern == SHARE_PATTERN:
            return float(text)
        return int(text) if self.pattern == NUMBER_PATTERN else bool(text)


POOLING = {"kernel": Setting("", PAIR), "stride": Setting("/", PAIR, "kernel")}
# Of each kind of layer: a prefix, then values by name.
NOTATIONS: dict[str, tuple[str, dict[str, Setting]]] = {
    "dense": ("", {"outputs": Setting("", NUMBER_PATTERN)}),
    "conv": (
        "conv",
        {
            "outputs": Setting("", NUMBER_PATTERN),
            "kernel": Setting("x", PAIR, "5"),  # this and the stride: Simard, Steinkraus & Platt 2003
            "stride": Setting("/", PAIR, "2"),
            "padding": Setting("p", PAIR_OR_ZERO, "0"),
            "dilation": Setting("d", NUMBER_PATTERN, "1"),
            "residual": Setting("", r"\+?", ""),
        },
    ),
    "pool": ("pool", POOLING),
    "avgpool": ("avgpool", POOLING),
    "dropout": ("dropout", {"rate": Setting("", SHARE_PATTERN)}),
}


def parse_layers(text: str) -> list[tuple[str, str, Values]]:
    """Parse hidden layers, as in `conv16,conv64x3/1,128`; return the shortest notation, the kind and the values of each
    layer.

    Raises UsageError for what is not in the notation, and for a kernel behind a dense layer, whose output has no map.
    """
    parts = text.split(",") if text.strip() else []
    if len(parts) > MAX_LAYERS:
        raise UsageError(f"a network cannot have {len(parts):,} hidden layers: use {MAX_LAYERS:,} or fewer")
    layers = [_parse_layer(part.strip()) for part in parts]
    kinds = [kind for _, kind, _ in layers]
    for position, (name, _, values) in enumerate(layers):
        if "kernel" in values and "dense" in kinds[:position]:
            raise UsageError(f"{name} follows a dense layer: list dense layers last, as in conv16,conv64,128")
    return layers


def _parse_layer(text: str) -> tuple[str, str, Values]:
    for kind, (prefix, settings) in NOTATIONS.items():
        groups = (
            f"(?:{re.escape(each.separator)}({each.pattern})){'' if each.default is None else '?'}"
            for each in settings.values()
        )
        match = re.fullmatch(prefix + "".join(groups), text, re.ASCII)
        if not match:
            continue
        shortest, texts = prefix, dict[str, str]()
        for (name, each), found in zip(settings.items(), match.groups(), strict=True):
            default = texts.get(each.default or "", each.default)
            height, _, width = str(default if found is None else found).partition("x")
            texts[name] = height if width in ("", height) else f"{height}x{width}"
            shortest += each.separator + texts[name] if texts[name] != default else ""
        return shortest, kind, {name: settings[name].read(value) for name, value in texts.items()}
    raise UsageError(
        f"layers cannot contain '{text}': write units as 128 and convolutions as conv16x5/2 (kernels, size, stride), "
        f"with numbers from 1 to {LARGEST_NUMBER:,}; docs/reference/layers.md has the other layers"
    )


def format_layers(text: str) -> str:
    """Return the shortest notation, the same for equal layers. Raises UsageError.

    >>> format_layers("conv16x5/2, pool2/2, 128")
    'conv16,pool2,128'
    """
    return ",".join(shortest for shortest, *_ in parse_layers(text))
