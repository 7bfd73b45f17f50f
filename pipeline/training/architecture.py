"""The layers of a network from their notation as text; see `pipeline.training.notation`."""

import math
from collections.abc import Sequence

from pipeline.engine.errors import UsageError
from pipeline.network.layers import Convolution, Dense, Layer, Shape
from pipeline.training.notation import format_layer, format_layers, parse_layers

PART_BYTES = 12_000_000  # of one forward pass; the backward pass needs about as much again
PART_IMAGES = 512
PIXEL_NUMBERS = 10  # in memory for each pixel of the input while it is augmented


def build_layers(text: str, image_shape: Sequence[int], classes: int) -> tuple[Layer, ...]:
    """The layers of a network for images (height, width), with a dense layer of one output per class at the end.

    text: hidden layers as `parse_layers` reads them. Raises UsageError for a layer that does not fit its input.
    """
    shape: Shape = (1, *image_shape)
    layers: list[Layer] = []
    for outputs, kernel, stride in parse_layers(text):
        name = format_layer(outputs, kernel, stride)
        if not kernel:
            layers.append(Dense(shape, outputs))
        elif len(shape) == 1:
            raise UsageError(f"{name} follows a dense layer: list all convolutions first, as in conv16,conv64,128")
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


def images_per_part(layers: Sequence[Layer], itemsize: int) -> int:
    """How many images a forward pass should take at a time, by the memory of inputs, patches and outputs."""
    numbers = PIXEL_NUMBERS * math.prod(layers[0].input_shape)
    for layer in layers:
        numbers += math.prod(layer.output_shape)
        if isinstance(layer, Convolution):
            numbers += math.prod(layer.weight_shape[1:]) * math.prod(layer.output_shape[1:])
    images = min(PART_IMAGES, PART_BYTES // (numbers * itemsize))
    return max(1, images - images % 16 if images > 16 else images)  # multiples of 16 fill the vector registers


def format_network(text: str, image_shape: Sequence[int], classes: int) -> str:
    """The layers from the size of the images to the number of classes, as in 28x28-conv16-conv64-128-10."""
    hidden = format_layers(text)
    return "-".join(["x".join(map(str, image_shape)), *(hidden.split(",") if hidden else []), str(classes)])
