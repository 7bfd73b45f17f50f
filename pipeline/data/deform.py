"""Bent copies of pictures: a digit stays what it is if it is shifted, turned, stretched or drawn by another hand.

A network that never sees the same picture twice has to learn the digits and not the pictures. A bent picture is
sampled anew, at places that are displaced: the value at p becomes that of the old picture at

    p' = centre + shift + R(angle) K(shear) S(scale) (p - centre) + e(p)

where e is a smooth random field, as of a pen in an unsteady hand (Simard, Steinkraus & Platt 2003). All that is random
in p' are coefficients of fixed fields: 1, x and y for the affine part, bumps on a grid for e. So the places of a whole
batch are ONE matrix product, coefficients (2n, k) by fields (k, pixels), and then each value is interpolated between
the four pixels around its place.
"""

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.augmentation import Augmentation

Array = NDArray[np.floating[Any]]

REACH = 1  # deviations for which the grid of bumps goes on beyond the picture, so that its edge has some on both sides


class Deformer:
    """Deforms batches of up to `rows` pictures of one shape; its buffers belong to one thread."""

    def __init__(self, augmentation: Augmentation, height: int, width: int, rows: int, dtype: Any = np.float32) -> None:
        self.augmentation = augmentation
        self.shape = height, width
        self.fields = _cast_fields(height, width, augmentation, np.dtype(dtype))
        self._places = np.empty((2, rows, height * width), dtype)
        self._corners = np.empty((2, rows, height * width), dtype)
        self._index = np.empty((rows, height * width), np.intp)
        self._values = np.empty((3, rows, height * width), dtype)

    def __call__(self, pictures: Array, numbers: NDArray[np.intp], generator: np.random.Generator, out: Array) -> None:
        """Write copies of `pictures[numbers]` into `out`, of which the first ones, by the share `bent`, are deformed.

        pictures: (total, height * width). numbers: (n,). out: (n, height * width).
        """
        bent = draw_count(self.augmentation.augment_fraction * len(numbers), generator)
        moved = bent if self.augmentation.moves else 0
        if moved:
            coefficients = draw_coefficients(self.augmentation, self.shape, len(self.fields), moved, generator)
            self._sample(pictures, numbers[:moved], coefficients, out[:moved])
        np.take(pictures, numbers[moved:], axis=0, out=out[moved:], mode="clip")
        if self.augmentation.stroke_width:
            shares = self.augmentation.stroke_width * generator.uniform(-1, 1, bent)
            thicken(out[:bent].reshape(-1, *self.shape), shares)

    def _sample(self, pictures: Array, numbers: NDArray[np.intp], coefficients: Array, out: Array) -> None:
        height, width = self.shape
        n = len(numbers)
        index = self._index[:n]
        right, below, diagonal = self._values[:, :n]
        places, corners = self._places[:, :n], self._corners[:, :n]
        np.matmul(coefficients, self.fields, out=places)
        for axis, size in enumerate((width, height)):
            # Beyond its edge a picture goes on as it is there. The last pixel has none behind it, so the corner of
            # a place is at most the last but one, with a share of 1 for the last.
            np.clip(places[axis], 0, size - 1, out=places[axis])
            np.floor(places[axis], out=corners[axis])
            np.clip(corners[axis], 0, max(size - 2, 0), out=corners[axis])
        places -= corners
        corners[1] *= width
        corners[0] += corners[1]
        np.copyto(index, corners[0], casting="unsafe")
        index += (numbers * (height * width))[:, np.newaxis]
        pixels = pictures.reshape(-1)
        take = functools.partial(np.take, mode="clip")
        right_of, under = min(1, width - 1), width * min(1, height - 1)
        take(pixels, index, out=out)
        take(pixels[right_of:], index, out=right)
        take(pixels[under:], index, out=below)
        take(pixels[right_of + under :], index, out=diagonal)
        x, y = places
        _mix(out, right, x)
        _mix(below, diagonal, x)
        _mix(out, below, y)


def _mix(a: Array, b: Array, share: Array) -> None:
    """a <- a + share (b - a); what is in b is used up."""
    b -= a
    b *= share
    a += b


@functools.lru_cache(maxsize=1)  # those of one training are all the same
def _cast_fields(height: int, width: int, augmentation: Augmentation, dtype: np.dtype[Any]) -> Array:
    fields: Array = displacement_fields(height, width, augmentation).astype(dtype)
    fields.flags.writeable = False
    return fields


def displacement_fields(height: int, width: int, augmentation: Augmentation) -> NDArray[np.float64]:
    """The fields whose sums are the places: 1, x and y from the centre, and the bumps of e; (k, height * width).

    The bumps are Gaussians on a grid, one sigma apart, scaled so that with independent standard normal
    coefficients the mean square of their sum is 1 at every pixel.
    """
    y, x = (axis.reshape(-1) for axis in np.mgrid[:height, :width].astype(float))
    affine = np.stack([np.ones_like(x), x - (width - 1) / 2, y - (height - 1) / 2])
    if not augmentation.elastic:
        return affine
    sigma = augmentation.elastic_sigma
    rows, columns = (np.arange(-REACH * sigma, size + REACH * sigma, sigma) for size in (height, width))
    distance_y, distance_x = (y - rows[:, np.newaxis]) ** 2, (x - columns[:, np.newaxis]) ** 2
    distances = (distance_y[:, np.newaxis] + distance_x).reshape(-1, height * width)
    bumps = np.exp(-distances / (2 * sigma**2))
    return np.concatenate([affine, bumps / np.sqrt(np.sum(bumps**2, axis=0))])


def draw_count(expected: float, generator: np.random.Generator) -> int:
    """`expected` rounded down or up, at random so that the mean is `expected`: small shards get their share as well."""
    whole = int(expected)
    return whole + int(generator.random() < expected - whole)


def draw_coefficients(
    augmentation: Augmentation, shape: tuple[int, int], fields: int, count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """The coefficients of each field for x and for y: (2, count, fields).

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
        bumps = generator.standard_normal((count, 2, fields - 3), np.float32)
        np.multiply(bumps.swapaxes(0, 1), augmentation.elastic, out=coefficients[:, :, 3:])
    return coefficients


def thicken(pictures: Array, shares: NDArray[np.float64]) -> None:
    """Move each pixel by a share of its way to the brightest of itself and its four neighbours, in place.

    pictures: (n, height, width). shares: (n,) in [-1, 1]; one below 0 goes to the darkest, which is to the brightest of
    the negative. Strokes that are brighter than their background become thicker or thinner by that share of two pixels.
    """
    share = shares.astype(pictures.dtype)[:, np.newaxis, np.newaxis]
    sign = np.copysign(1, share)
    pictures *= sign
    brightest = pictures.copy()
    for here, there in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:, :, 1:], np.s_[:, :, :-1]),
        (np.s_[:, :, :-1], np.s_[:, :, 1:]),
    ):
        np.maximum(brightest[here], pictures[there], out=brightest[here])
    _mix(pictures, brightest, np.abs(share))
    pictures *= sign
