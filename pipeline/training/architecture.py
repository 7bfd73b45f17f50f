"""Build the layers of a network from their notation; see `pipeline.training.notation`."""

import math
from collections.abc import Sequence

from pipeline.engine.errors import UsageError
from pipeline.network.layers import Convolution, Dense, Layer, Shape
from pipeline.training.notation import format_layer, format_layers, parse_layers

MICRO_BATCH_BYTES = 12_000_000  # memory of one forward pass; the backward pass needs about as much again
MICRO_BATCH_IMAGES = 512
VALUES_PER_PIXEL = 10  # values in memory per input pixel during augmentation


def build_layers(text: str, image_shape: Sequence[int], classes: int) -> tuple[Layer, ...]:
    """Return the layers of a network for images (height, width); the last is a dense layer with one output per class.

    text: the hidden layers, for `parse_layers`. Raises UsageError for a layer that does not fit its input.
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


def micro_batch_size(layers: Sequence[Layer], itemsize: int) -> int:
    """Return how many images to pass forward at a time, by the memory of inputs, patches and outputs."""
    values = VALUES_PER_PIXEL * math.prod(layers[0].input_shape)
    for layer in layers:
        values += math.prod(layer.output_shape)
        if isinstance(layer, Convolution):
            values += math.prod(layer.weight_shape[1:]) * math.prod(layer.output_shape[1:])
    images = min(MICRO_BATCH_IMAGES, MICRO_BATCH_BYTES // (values * itemsize))
    return max(1, images - images % 16 if images > 16 else images)  # multiples of 16 fill vector registers


def format_network(text: str, image_shape: Sequence[int], classes: int) -> str:
    """Format a network from image size to number of classes, as in 28x28-conv16-conv64-128-10."""
    hidden = format_layers(text)
    return "-".join(["x".join(map(str, image_shape)), *(hidden.split(",") if hidden else []), str(classes)])
