"""Format names, shares, times and parameters for the pages."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import singledispatch
from typing import Any

from pipeline.data.catalogue import DATASETS
from pipeline.network.layers import Convolution, Dense, Layer, MaxPooling, unknown_kind


def are_digits(class_names: Sequence[str]) -> bool:
    """Return whether all classes are single digits."""
    return all(name.isdecimal() and len(name) == 1 for name in class_names)


def format_dataset(name: str) -> str:
    """Return the title of a data set; the name itself for custom data."""
    return DATASETS[name].title if name in DATASETS else name


@dataclass(frozen=True)
class LayerWords:
    """Words for a layer. name: of its kind. size: of its kernel, "" without. outputs: what one output is called."""

    name: str
    size: str
    outputs: str


@singledispatch
def describe_layer(layer: Layer) -> LayerWords:
    """Return the words for a layer in the report and in the model card."""
    raise unknown_kind(layer, "description", __name__)


@describe_layer.register
def _(layer: Dense) -> LayerWords:
    return LayerWords("dense layer", "", "unit")


@describe_layer.register
def _(layer: Convolution) -> LayerWords:
    return LayerWords("convolution", f"{layer.kernel} × {layer.kernel} with stride {layer.stride}", "filter")


@describe_layer.register
def _(layer: MaxPooling) -> LayerWords:
    return LayerWords("max-pooling layer", f"{layer.kernel} × {layer.kernel} with stride {layer.stride}", "map")


def percent(share: float | None, digits: int = 2) -> str:
    """Format a share in [0, 1] as a percentage; less than 1 is not rounded to 100%. None gives a dash."""
    if share is None:
        return "–"
    text = f"{100 * share:.{digits}f}"
    if share < 1 - 1e-9 and float(text) == 100:  # within 1e-9 of 1 is a rounding error of sums
        text = f"{100 - 10.0**-digits:.{digits}f}"
    return f"{text}%"


def format_time(made: str) -> str:
    """Format a manifest's ISO time in UTC, so that the page does not depend on the local time zone."""
    return f"{datetime.fromisoformat(made).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def format_duration(seconds: float) -> str:
    """Format seconds as seconds, minutes or hours."""
    minutes = round(seconds / 60)
    return f"{seconds:.1f} s" if seconds < 100 else f"{minutes} min" if minutes < 100 else f"{seconds / 3600:.1f} h"


def format_change(new: float | None, old: float | None, scale: float, unit: str = "") -> tuple[str, str]:
    """Return the difference of two metrics as text, and its verdict: good, bad or "".

    None stands for a metric that is not known. scale: of the text, below 0 if smaller is better.
    """
    if new is None or old is None:
        return "", ""
    digits = 2 if unit else 4
    gain = round(scale * (new - old), digits)
    if not gain:
        return "unchanged", ""
    return f"{abs(gain):.{digits}f}{unit} {'better' if gain > 0 else 'worse'}", "good" if gain > 0 else "bad"


def format_cost(parameters: int, earlier: int | None, longer: float) -> str:
    """Return the differences in parameters, unless it is not known how many there were, and in seconds."""
    size = []
    if earlier is not None:
        more = "more" if parameters > earlier else "fewer"
        size = [f"{abs(parameters - earlier):,} {more}" if parameters != earlier else "same size"]
    return ", ".join([*size, f"{format_duration(abs(longer))} {'longer' if longer > 0 else 'shorter'}"])


def format_name(name: str) -> str:
    """Return the name of a parameter with spaces."""
    return name.replace("_", " ")


def format_value(value: Any) -> str:
    """Format the value of a parameter; None and empty `layers` give "none"."""
    return "none" if value in ("", None) else str(value)


def describe_layers(layers: Sequence[Layer]) -> str:
    """Describe layers: "2 convolutions of 5 × 5 with stride 2 (16, 64 filters), 2 dense layers (128, 10 units)"."""
    parts = []
    for words, group in itertools.groupby(layers, describe_layer):
        outputs = [str(layer.output_shape[0]) for layer in group]
        size, plural = f" of {words.size}" if words.size else "", "s" if len(outputs) > 1 else ""
        units = words.outputs if outputs == ["1"] else f"{words.outputs}s"
        parts.append(f"{len(outputs)} {words.name}{plural}{size} ({', '.join(outputs)} {units})")
    return ", ".join(parts)
