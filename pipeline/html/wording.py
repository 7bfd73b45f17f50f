"""Format layers, shares, times, differences and commands for the pages."""

import itertools
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out
from pipeline.data.sources.catalogue import CUSTOM, DATASETS
from pipeline.network.layer import Layer
from pipeline.network.layers import Convolution, Dense, Dropout

# By kind of layer: its name, and what one of its outputs is called.
LAYER_WORDS = {
    "dense": ("dense layer", "unit"),
    "conv": ("convolution", "kernel"),
    "pool": ("max-pooling layer", "map"),
    "avgpool": ("average-pooling layer", "map"),
    "dropout": ("dropout layer", "output"),
}


def are_digits(class_names: Sequence[str]) -> bool:
    """Return whether all classes are single digits."""
    return all(name.isdecimal() and len(name) == 1 for name in class_names)


def format_dataset(name: str) -> str:
    """Return the title of a data set; the name itself for custom data."""
    return DATASETS[name].title if name in DATASETS else name


def describe_layer(layer: Layer) -> str:
    """Return the kind of a layer and the size of its kernel."""
    return ", ".join(filter(None, [LAYER_WORDS[layer.kind][0], _describe_kernel(layer)]))


def describe_layers(layers: Sequence[Layer]) -> str:
    """Describe layers: "2 convolutions of 5 × 5 with stride 2 (16, 64 kernels), 2 dense layers (128, 10 units)"."""
    parts = []
    for (kind, kernel), group in itertools.groupby(layers, lambda layer: (layer.kind, _describe_kernel(layer))):
        name, output = LAYER_WORDS[kind]
        counts = [str(layer.output_shape[0]) for layer in group]
        size, plural = f" of {kernel}" if kernel else "", "s" if len(counts) > 1 else ""
        outputs = output if counts == ["1"] else f"{output}s"
        parts.append(f"{len(counts)} {name}{plural}{size} ({', '.join(counts)} {outputs})")
    return ", ".join(parts)


def _describe_kernel(layer: Layer) -> str:
    if isinstance(layer, Dense):
        return ""
    if isinstance(layer, Dropout):
        return f"{layer.rate:g}"
    size, properties, added = layer.window, [_describe_stride(layer.stride)], ""
    if isinstance(layer, Convolution):
        size, added = layer.kernel, ", with a residual connection" if layer.residual else ""
        properties += [f"padding {' × '.join(map(str, layer.padding))}"] if any(layer.padding) else []
        properties += [f"dilation {layer.dilation}"] if layer.dilation > 1 else []
    *first, last = properties
    return f"{size[0]} × {size[1]} with {' and '.join(filter(None, [', '.join(first), last]))}{added}"


def _describe_stride(stride: tuple[int, int]) -> str:
    return f"stride {stride[0]}" if stride[0] == stride[1] else f"stride {stride[0]} × {stride[1]}"


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

    None stands for a metric that is not known. scale: factor of the text, below 0 if smaller is better.
    """
    if new is None or old is None:
        return "", ""
    digits = 2 if unit else 4
    gain = round(scale * (new - old), digits)
    if not gain:
        return "unchanged", ""
    return f"{abs(gain):.{digits}f}{unit} {'better' if gain > 0 else 'worse'}", "good" if gain > 0 else "bad"


def format_longer(seconds: float) -> str:
    """Format by how much a run was longer than another."""
    return f"{format_duration(abs(seconds))} {'longer' if seconds > 0 else 'shorter'}"


def format_command(
    target: str, dataset: str, recipe: str, changes: Mapping[str, tuple[Any, Any]], images: Mapping[str, Any]
) -> str:
    """Return the make command that repeats a training run.

    target: what to make. changes: the first of both values replaced that of the recipe. images: numbers of `training`
    and `validation` images.
    """
    values = {"DATASET": dataset}
    if dataset == CUSTOM:
        values["FROM"] = "my-data"
    if images["validation"] != count_held_out(DEFAULT_VALIDATION, images["training"] + images["validation"]):
        values["VALIDATION"] = str(images["validation"])
    values["RECIPE"] = recipe
    values |= {name.upper(): str(value) for name, (value, _) in changes.items()}
    return f"make {target} {' '.join(f'{name}={shlex.quote(value)}' for name, value in values.items())}"
