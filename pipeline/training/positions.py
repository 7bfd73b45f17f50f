"""Pictures over which a network is slid, with a label for each of its positions.

A position has the class of the digit that is centred there, the label after the last class if nothing is, or IGNORED
near a centre and for digits whose size is at the limit, where both would be right.
"""

import math
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.contrast import BOX, READ_SIZES, local_contrast
from pipeline.engine.arrays import load_array, read_array
from pipeline.engine.errors import UsageError
from pipeline.network.activations import Array
from pipeline.network.architecture import build_layers, find_window, slide
from pipeline.network.layer import Layer
from pipeline.network.losses import Labels, Loss, at_positions
from pipeline.training.training_data import Examples

IGNORED = -1
NEAR, FAR = 2.9, 5.0  # pixels from a centre: within which it has the class, and beyond which there is nothing
LIMITS = (0.68, 1.5)  # beyond which a digit is nothing, since another level of the pyramid shows it
VISIBLE = (0.6, 0.85)  # part of a digit within the picture: below it is nothing, above it has its class
# How pictures are changed each time they are shown: standard deviations of the angle in radians, of the logarithms of
# the scale and of width by height, and of the shear in x per y; largest shift in pixels; largest noise in grey levels.
ANGLE, SCALE, STRETCH, SHEAR, SHIFT, NOISE = 0.04, 0.05, 0.05, 0.06, 3, 6


# Centres of the windows of all positions: y (rows, 1) and x (columns,).
Centres = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]


def find_centres(layers: str, shape: tuple[int, int]) -> Centres:
    """Return the positions of a network, in the notation of its hidden layers, in pictures (height, width).

    Raises UsageError if a layer cannot slide, or if its window is larger than the pictures.
    """
    window = find_window(layers)
    moved = slide(build_layers(layers, "relu", window, 1), shape)
    sizes, step = moved[-1].output_shape[1:], math.prod(layer.stride[0] for layer in moved)
    if min(sizes) < 1:
        raise UsageError(f"the window of {layers} has {window[0]} pixels to a side, but the pictures are {shape}")
    y, x = ((window[0] - 1) / 2 + step * np.arange(size) for size in sizes)
    return y[:, np.newaxis], x


@dataclass(frozen=True, eq=False, kw_only=True)
class Pictures(Examples):
    """Pictures, uint8 (n, height, width), with digits, float32 (n, m, 5), as the stage `compose` writes them.

    layers: the network that is slid over them. labels: of its positions, (n, rows, columns). The input is the local
    contrast.
    """

    digits: NDArray[np.float32]
    layers: str
    classes: int

    @cached_property
    def centres(self) -> Centres:
        """The positions of the network."""
        return find_centres(self.layers, self.images.shape[1:])

    @property
    def image_shape(self) -> tuple[int, int]:
        """(height, width) of what the network sees at once."""
        return find_window(self.layers)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the local contrast."""
        return np.dtype(np.float32)

    def arrange(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Return the layers, slid over the pictures."""
        return slide(layers, self.images.shape[1:])

    def adapt(self, loss: Loss) -> Loss:
        """Return the loss summed over positions."""
        return partial(at_positions, loss)

    def take(self, indices: NDArray[np.intp], out: Array, generator: np.random.Generator) -> Labels:
        """Write the local contrast of the pictures with these indices to `out`; return the labels.

        Each picture is turned, scaled, sheared and moved a little, gets some noise, and dark ink becomes light ink in
        half of them.
        """
        labels = []
        for i, index in enumerate(indices.tolist()):
            out[i], digits = move(self.images[index], self.digits[index], generator)
            labels.append(label_positions(digits, self.centres, self.classes))
        out += generator.uniform(0, NOISE, (len(indices), 1, 1)) * generator.standard_normal(out.shape, np.float32)
        out[:] = local_contrast(out)
        out *= generator.choice([-1, 1], (len(indices), 1, 1))
        return np.array(labels)

    def slice(self, start: int, stop: int) -> Array:
        """Return the local contrast of the pictures from `start` to `stop`, unchanged."""
        return local_contrast(self.images[start:stop])


def load_composed(folder: Path, part: str, layers: str, classes: int) -> Pictures:
    """Return pictures that the stage `compose` has written, with labels for the positions of a network."""
    images = np.asarray(load_array(folder / f"{part}-pictures.npy", np.uint8, (None, None, None)))
    digits = read_array(folder / f"{part}-digits.npy", np.float32, (len(images), None, None))
    return make_pictures(images, digits, layers, classes)


def make_pictures(images: NDArray[np.uint8], digits: NDArray[np.float32], layers: str, classes: int) -> Pictures:
    """Return pictures (n, height, width) with the labels that follow from their digits, (n, m, 5)."""
    centres = find_centres(layers, images.shape[1:])
    labels = np.array([label_positions(each, centres, classes) for each in digits])
    return Pictures(images, labels, digits=digits, layers=layers, classes=classes)


def move(
    picture: NDArray[np.uint8], digits: NDArray[np.float32], generator: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Turn, scale, stretch, shear and move a picture and its digits at random."""
    height, width = picture.shape
    angle, scale = generator.normal(0, ANGLE), math.exp(np.clip(generator.normal(0, SCALE), -0.15, 0.15))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])  # of (x, y)
    stretch = math.exp(generator.normal(0, STRETCH) / 2)
    turned = scale * turn @ np.array([[stretch, generator.normal(0, SHEAR)], [0, 1 / stretch]])
    centre = np.array([width, height]) / 2
    target = centre + generator.uniform(-SHIFT, SHIFT, 2)
    inverse = np.linalg.inv(turned)
    offset = centre - inverse @ target
    moved = Image.fromarray(picture).transform(
        (width, height),
        Image.Transform.AFFINE,
        (*inverse[0], offset[0], *inverse[1], offset[1]),
        Image.Resampling.BILINEAR,
        fillcolor=int(np.median(picture[0])),
    )
    changed = digits.copy()
    changed[:, [2, 1]] = (digits[:, [2, 1]] - centre) @ turned.T + target
    changed[:, 3] *= scale
    return np.asarray(moved), changed


def label_positions(digits: NDArray[np.float32], centres: Centres, classes: int) -> NDArray[np.int16]:
    """Return the label of each position, (rows, columns).

    digits: (m, 5) with label, centre y and x, longer side and visible part of each; rows with a negative label are
    unused.
    """
    y, x = centres
    labels = np.full((len(y), len(x)), classes, np.int16)
    nearest = np.full(labels.shape, np.inf)
    for label, centre_y, centre_x, size, visible in digits[digits[:, 0] >= 0].astype(float).tolist():
        if visible < VISIBLE[0] or not LIMITS[0] <= size / BOX <= LIMITS[1]:
            continue
        away = np.hypot(y - centre_y, x - centre_x)
        is_read = READ_SIZES[0] <= size / BOX <= READ_SIZES[1] and visible >= VISIBLE[1]
        closer = away < np.minimum(nearest, FAR)
        labels[closer] = np.where(away[closer] < NEAR, label, IGNORED) if is_read else IGNORED
        nearest = np.minimum(nearest, away)
    return labels
