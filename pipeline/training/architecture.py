"""Architectures as text: `conv16,conv64,128` is two convolutions and a dense layer, before the layer of the classes.

`conv16x5/2` in full has 16 filters, a kernel of 5 x 5 and a stride of 2, which are the defaults.
"""

import re
from collections.abc import Sequence

from pipeline.engine.errors import UsageError
from pipeline.network.layers import KERNEL, STRIDE, Convolution, Dense, Layer, Shape

LARGEST = 1_000_000
NUMBER = r"([1-9]\d{0,6})"
NOTATION = re.compile(f"conv{NUMBER}(?:x{NUMBER})?(?:/{NUMBER})?|{NUMBER}", re.ASCII)


def parse_layers(text: str) -> list[tuple[int, int, int]]:
    """Parse hidden layers, as in `conv16,conv64x3/1,128`: (outputs, kernel, stride), the last two 0 if dense.

    Raises UsageError.
    """
    parsed = []
    for part in map(str.strip, text.split(",") if text.strip() else ()):
        match = NOTATION.fullmatch(part)
        filters, kernel, stride, units = map(int, match.groups(default="0")) if match else (LARGEST + 1, 0, 0, 0)
        if max(filters, kernel, stride, units) > LARGEST:
            raise UsageError(
                f"layers cannot contain '{part}': write units as 128 and convolutions as conv16 or conv16x5/2 "
                f"(filters, kernel, stride), numbers from 1 to {LARGEST}, as in conv16,conv64,128"
            )
        parsed.append((filters, kernel or KERNEL, stride or STRIDE) if filters else (units, 0, 0))
    return parsed


def format_layers(text: str) -> str:
    """The shortest notation of the same layers: equal layers have equal text.  Raises UsageError."""
    return ",".join(_format(*part) for part in parse_layers(text))


def _format(outputs: int, kernel: int, stride: int) -> str:
    if not kernel:
        return str(outputs)
    shown_kernel = f"x{kernel}" if kernel != KERNEL else ""
    return f"conv{outputs}{shown_kernel}" + (f"/{stride}" if stride != STRIDE else "")


def build_layers(text: str, image_shape: Sequence[int], classes: int) -> tuple[Layer, ...]:
    """The layers of a network for images (height, width), with a dense layer of one output per class at the end.

    text: hidden layers as `parse_layers` reads them. Raises UsageError for a layer that does not fit its input.
    """
    shape: Shape = (1, *image_shape)
    layers: list[Layer] = []
    for outputs, kernel, stride in parse_layers(text):
        name = _format(outputs, kernel, stride)
        if not kernel:
            layers.append(Dense(shape, outputs))
        elif len(shape) == 1:
            raise UsageError(f"{name} stands after a dense layer: put all convolutions first, as in conv16,conv64,128")
        elif kernel > min(shape[1:]):
            sizes = " -> ".join(
                f"{height} x {width}" for _, height, width in [*(one.input_shape for one in layers), shape]
            )
            raise UsageError(
                f"{name} does not fit: its {kernel} x {kernel} kernel is larger than its input (sizes: {sizes}); "
                "use a smaller kernel, smaller strides, fewer convolutions, or dense layers alone, as in 512,256"
            )
        else:
            layers.append(Convolution(shape, outputs, kernel, stride))
        shape = layers[-1].output_shape
    return (*layers, Dense(shape, classes))


def format_network(text: str, image_shape: Sequence[int], classes: int) -> str:
    """The layers from the size of the images to the number of classes, as in 28x28-conv16-conv64-128-10."""
    hidden = format_layers(text)
    return "-".join(["x".join(map(str, image_shape)), *(hidden.split(",") if hidden else []), str(classes)])
