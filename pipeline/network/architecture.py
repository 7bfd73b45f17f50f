"""Build the layers of a network from their notation; see `pipeline.network.notation`."""

import functools
import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.engine.errors import UsageError
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.layer import Layer, Shape
from pipeline.network.layers import LAYER_KINDS, Affine, Convolution, Dense
from pipeline.network.network import count_parameters
from pipeline.network.notation import format_layers, parse_layers

MICRO_BATCH_BYTES = 12_000_000  # memory of one forward pass; the backward pass needs about as much again
MICRO_BATCH_IMAGES = 512
# Large networks do not fit the cache anyway: fewer images than these only add calls of NumPy, if they fit the memory.
FEWEST_IMAGES, FEWEST_BYTES = 24, 256_000_000
VALUES_PER_PIXEL = 10  # values in memory per input pixel during augmentation
# Bounds that no useful network reaches, 0.1 GB of values for one image and 4 GB of parameters: a damaged file may ask
# for any size.
MAX_VALUES, MAX_PARAMETERS = 1 << 25, 1 << 30


@functools.lru_cache  # an image of a line has its own length, and a page has many of them
def build_layers(
    text: str, activation: str, image_shape: Sequence[int], outputs: int, by_column: bool = False
) -> tuple[Layer, ...]:
    """Return the layers of a network for images (height, width); the last is a dense layer with `outputs` units.

    text: the hidden layers, for `parse_layers`. activation: a key of ACTIVATIONS. by_column: whether the outputs are
    computed for each column of the last map: then the last layer is a convolution over its height, whose output is
    (outputs, 1, columns), and images may have any width. Raises UsageError for a layer that does not fit its input, and
    for a network that would need gigabytes.
    """
    shape: Shape = (1, *image_shape)
    layers: list[Layer] = []
    for name, kind, values in parse_layers(text):
        layer = LAYER_KINDS[kind](shape, **values)
        if isinstance(layer, Affine):
            layer = replace(layer, activation=ACTIVATIONS[activation])
        if min(layer.output_shape) < 1:
            raise UsageError(
                f"{name} does not fit: its {layer.window[0]} x {layer.window[1]} kernel is larger than its input of "
                f"{shape[1]} x {shape[2]}; use a smaller kernel, smaller strides, fewer layers, or dense layers alone, "
                "as in 512,256"
            )
        if isinstance(layer, Convolution) and layer.residual and layer.output_shape != shape:
            raise UsageError(
                f"{name} cannot add its input of {_format_shape(shape)} to its output of "
                f"{_format_shape(layer.output_shape)}: use as many kernels, a stride of 1, and padding"
            )
        layers.append(layer)
        shape = layer.output_shape
    if by_column and len(shape) == 1:
        raise UsageError(f"layers {text} have no columns left to read: use no dense layer")
    last = Convolution(shape, outputs, kernel=(shape[1], 1), stride=(1, 1)) if by_column else Dense(shape, outputs)
    layers.append(last)
    values_per_image = max(math.prod(layers[0].input_shape), *(layer.values_per_image for layer in layers))
    if values_per_image > MAX_VALUES or count_parameters(layers) > MAX_PARAMETERS:
        raise UsageError(
            f"layers {text} are too large for images of {_format_shape(image_shape)} pixels: use fewer outputs, "
            "larger strides or smaller images"
        )
    return tuple(layers)


def find_window(text: str) -> tuple[int, int]:
    """Return the height and width of the image that convolutions and pooling reduce to a single position.

    >>> find_window("conv8,conv16,conv32x3/1")  # 3 positions, then 2 (3 - 1) + 5 = 9, then 2 (9 - 1) + 5
    (21, 21)

    Raises UsageError for layers that cannot slide: dense layers, and those with padding or whose window is not square.
    """
    side = 1
    for name, kind, values in reversed(parse_layers(text)):
        layer = LAYER_KINDS[kind]((1, 1, 1), **values)
        if isinstance(layer, Dense):
            raise UsageError(f"{name} is a dense layer: use only layers that can slide, as conv16")
        if layer.window[0] != layer.window[1] or layer.stride[0] != layer.stride[1] or any(layer.padding):
            raise UsageError(f"{name} cannot slide over pictures: use square kernels and strides, without padding")
        side = (side - 1) * layer.stride[0] + layer.window[0]
    return side, side


def slide(layers: Sequence[Layer], shape: tuple[int, int]) -> tuple[Layer, ...]:
    """Return the layers that compute at each position of a picture (height, width) what `layers` do for an image.

    The parameters stay the same, since a dense layer is a convolution whose kernel covers its input. The output of the
    last layer becomes (classes, rows, columns).  (Matan, Burges, LeCun & Denker 1992; Long, Shelhamer & Darrell 2015)
    """
    moved: list[Layer] = []
    for layer in layers:
        at: Shape = moved[-1].output_shape if moved else (1, *shape)
        if isinstance(layer, Dense):
            moved.append(Convolution(at, layer.outputs, layer.activation, kernel=layer.window, stride=(1, 1)))
        else:
            moved.append(replace(layer, input_shape=at))
    return tuple(moved)


def micro_batch_size(layers: Sequence[Layer]) -> int:
    """Return how many images to pass forward at a time, by the memory of inputs, patches and outputs."""
    values = VALUES_PER_PIXEL * math.prod(layers[0].input_shape) + sum(layer.values_per_image for layer in layers)
    size = 4 * values  # float32
    images = min(MICRO_BATCH_IMAGES, MICRO_BATCH_BYTES // size)
    images -= images % 16 if images > 16 else 0  # multiples of 16 fill vector registers
    return max(images, min(FEWEST_IMAGES, FEWEST_BYTES // size), 1)


def format_network(text: str, image_shape: Sequence[int], classes: int) -> str:
    """Format a network from image size to number of classes, as in 28x28-conv16-conv64-128-10."""
    hidden = format_layers(text)
    return "-".join(["x".join(map(str, image_shape)), *(hidden.split(",") if hidden else []), str(classes)])


def _format_shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
