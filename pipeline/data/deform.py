"""Augmentation of images: random affine and elastic deformations, and changes of the stroke width.

The value of a deformed image at pixel p is sampled from the original image, with bilinear interpolation, at

    p' = centre + shift + R(angle) K(shear) S(scale) (p - centre) + e(p)

where e is a smooth random displacement field (Simard, Steinkraus & Platt 2003). p' is a linear combination, with random
coefficients, of fixed basis fields: 1, x and y for the affine part, Gaussians on a grid for e. So the coordinates of a
whole batch are ONE matrix product: coefficients (2n, k) by fields (k, pixels).
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from pipeline.data.augmentation import Augmentation
from pipeline.engine.float_arrays import Array

GRID_MARGIN = 1  # sigmas by which the grid of Gaussians extends beyond the image, for displacements at its edges


class Augmenter:
    """Augments batches of at most `max_batch` images of one shape. It is not thread-safe, because it reuses buffers."""

    def __init__(self, augmentation: Augmentation, height: int, width: int, max_batch: int) -> None:
        self.augmentation = augmentation
        self.shape = height, width
        self.fields = displacement_fields(height, width, augmentation)
        self._coordinates = np.empty((2, max_batch, height * width), np.float32)
        self._corners = np.empty((2, max_batch, height * width), np.float32)
        self._index = np.empty((max_batch, height * width), np.intp)
        self._neighbours = np.empty((3, max_batch, height * width), np.float32)

    def __call__(self, images: Array, generator: np.random.Generator, out: Array) -> None:
        """Write the images to `out`; the first of them, a fraction `augment_fraction`, are augmented.

        images, out: (n, height * width), not the same memory.
        """
        augmented = draw_count(self.augmentation.augment_fraction * len(images), generator)
        displaced = augmented if self.augmentation.moves_pixels else 0
        if displaced:
            coefficients = draw_coefficients(self.augmentation, self.shape, len(self.fields), displaced, generator)
            self._sample(images[:displaced], coefficients, out[:displaced])
        out[displaced:] = images[displaced:]
        if self.augmentation.stroke_width:
            fractions = self.augmentation.stroke_width * generator.uniform(-1, 1, augmented)
            change_stroke_width(out[:augmented].reshape(-1, *self.shape), fractions)

    def _sample(self, images: Array, coefficients: Array, out: Array) -> None:
        height, width = self.shape
        n = len(images)
        index = self._index[:n]
        right, below, diagonal = self._neighbours[:, :n]
        coordinates, corners = self._coordinates[:, :n], self._corners[:, :n]
        np.matmul(coefficients, self.fields, out=coordinates)
        for axis, size in enumerate((width, height)):
            # Coordinates outside the image are clipped to its edge. The corner is at most the second to last
            # pixel, so that it has a neighbour; at the edge this neighbour has weight 1.
            np.clip(coordinates[axis], 0, size - 1, out=coordinates[axis])
            np.floor(coordinates[axis], out=corners[axis])
            np.clip(corners[axis], 0, max(size - 2, 0), out=corners[axis])
        coordinates -= corners
        corners[1] *= width
        corners[0] += corners[1]
        np.copyto(index, corners[0], casting="unsafe")
        index += (np.arange(n) * (height * width))[:, np.newaxis]
        pixels = images.reshape(-1)
        take = functools.partial(np.take, mode="clip")
        right_offset, below_offset = min(1, width - 1), width * min(1, height - 1)
        take(pixels, index, out=out)
        take(pixels[right_offset:], index, out=right)
        take(pixels[below_offset:], index, out=below)
        take(pixels[right_offset + below_offset :], index, out=diagonal)
        x, y = coordinates
        _interpolate(out, right, x)
        _interpolate(below, diagonal, x)
        _interpolate(out, below, y)


def _interpolate(a: Array, b: Array, weight: Array) -> None:
    """Interpolate linearly: a <- a + weight (b - a), in place; b is overwritten."""
    b -= a
    b *= weight
    a += b


@functools.lru_cache(maxsize=1)  # shared by all augmenters of a training run
def displacement_fields(height: int, width: int, augmentation: Augmentation) -> NDArray[np.float32]:
    """Return the basis fields, (k, height * width).

    They are 1, x and y relative to the centre, and Gaussians on a grid with spacing sigma, scaled so that their sum
    with independent standard normal coefficients has variance 1 at every pixel.
    """
    y, x = (axis.reshape(-1) for axis in np.mgrid[:height, :width].astype(float))
    fields = np.stack([np.ones_like(x), x - (width - 1) / 2, y - (height - 1) / 2])
    if augmentation.elastic:
        sigma, reach = augmentation.elastic_sigma, GRID_MARGIN * augmentation.elastic_sigma
        rows, columns = (np.arange(-reach, size + reach, sigma) for size in (height, width))
        distance_y, distance_x = (y - rows[:, np.newaxis]) ** 2, (x - columns[:, np.newaxis]) ** 2
        distances = (distance_y[:, np.newaxis] + distance_x).reshape(-1, height * width)
        gaussians = np.exp(-distances / (2 * sigma**2))
        fields = np.concatenate([fields, gaussians / np.sqrt(np.sum(gaussians**2, axis=0))])
    return fields.astype(np.float32)


def draw_count(expected: float, generator: np.random.Generator) -> int:
    """Return `expected` rounded down or up at random, so that the mean is right even for small shards."""
    whole = int(expected)
    return whole + int(generator.random() < expected - whole)


def draw_coefficients(
    augmentation: Augmentation, shape: tuple[int, int], fields: int, count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Draw the coefficients of the fields, for x and for y: (2, count, fields).

    The affine part, with rotation by t, K = [[1, k], [0, 1]] and S = diag(u, v), is

        R K S = [[u cos t,  v (k cos t - sin t)],
                 [u sin t,  v (k sin t + cos t)]]
    """
    drawn = generator.uniform(-1, 1, (count, 6)).T
    t = math.radians(augmentation.rotation) * drawn[0]
    k = augmentation.shear * drawn[1]
    u, v = 1 + augmentation.scale * drawn[2:4]
    coefficients = np.empty((2, count, fields), np.float32)
    for axis, size in enumerate(reversed(shape)):
        coefficients[axis, :, 0] = (size - 1) / 2 + augmentation.shift * drawn[4 + axis]
    coefficients[0, :, 1], coefficients[0, :, 2] = u * np.cos(t), v * (k * np.cos(t) - np.sin(t))
    coefficients[1, :, 1], coefficients[1, :, 2] = u * np.sin(t), v * (k * np.sin(t) + np.cos(t))
    if fields > 3:
        normal = generator.standard_normal((count, 2, fields - 3), np.float32)
        np.multiply(normal.swapaxes(0, 1), augmentation.elastic, out=coefficients[:, :, 3:])
    return coefficients


def change_stroke_width(images: Array, fractions: NDArray[np.float64]) -> None:
    """Blend each image with its dilation, or its erosion if the fraction is negative, by a cross of 5 pixels; in place.

    images: (n, height, width). fractions: (n,) in [-1, 1]; 1 is the full dilation. Bright strokes on a dark background
    become wider or narrower by this fraction of two pixels.
    """
    weight = fractions.astype(images.dtype)[:, np.newaxis, np.newaxis]
    sign = np.copysign(1, weight)
    images *= sign  # erosion is the dilation of the negative
    dilated = images.copy()
    for here, there in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:, :, 1:], np.s_[:, :, :-1]),
        (np.s_[:, :, :-1], np.s_[:, :, 1:]),
    ):
        np.maximum(dilated[here], images[there], out=dilated[here])
    _interpolate(images, dilated, np.abs(weight))
    images *= sign
