"""Ink is what stands out from the background, and that of a photograph is nowhere the same: light falls on it unevenly.

So the background is modelled as a smooth surface, fitted to what most pixels are; the rest is ink, or noise.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.pictures.fit import FAINTEST

Grey = NDArray[np.float32]

CLEAR = 6  # deviations of the noise by which ink differs from the background at least
STEADY = 3  # grey levels by which the background always may vary
NOISY, LARGE = 2, 200  # a picture with more grey levels of noise and of more pixels a side is smoothed
SAMPLES = 128  # points a side to which the background is fitted
ROUNDS = 12


def find_ink_on_paper(grey: Grey) -> Grey | None:
    """How much ink each pixel of a picture, (h, w) in [0, 255], has: (h, w) in [0, 1]; None if nothing stands out.

    Strokes are dark on light or light on dark; of the two, that which stands out more.
    """
    background = fit_background(grey)
    difference = grey - background
    noise = _deviation(difference)
    if noise > NOISY and min(grey.shape) > LARGE:
        difference = ndimage.gaussian_filter(difference, 1)
        noise = _deviation(difference)
    floor = max(STEADY, 3 * noise) if noise else 0
    dark = np.square(np.maximum(-difference - floor, 0)).sum()
    if dark > np.square(np.maximum(difference - floor, 0)).sum():
        # Where less light falls, ink is darker by less
        difference = -difference * (background.max() / np.maximum(background, 1))
        difference[background < FAINTEST] = 0
    strongest = np.partition(difference.reshape(-1), -min(20, difference.size))[-min(20, difference.size) :].mean()
    if strongest < FAINTEST or strongest <= CLEAR * noise:  # so that `level` is above the floor
        return None
    level = np.quantile(difference[difference >= strongest / 2], 0.8)
    return np.asarray(np.clip((difference - floor) / (level - floor), 0, 1), np.float32)


def fit_background(grey: Grey) -> Grey:
    """The background of a picture, (h, w): a quadratic surface near most of its pixels, at first those of the border.

    Pixels count the less the further they are from it, with Cauchy's weights; so ink soon counts for next to nothing.
    (Iteratively reweighted least squares; Holland & Welsch 1977)
    """
    height, width = grey.shape
    y, x = (np.linspace(-1, 1, size, dtype=np.float32)[:: -(-size // SAMPLES)] for size in (height, width))
    values = grey[:: -(-height // SAMPLES), :: -(-width // SAMPLES)].astype(np.float64).reshape(-1)
    b, c = (axis.reshape(-1).astype(np.float64) for axis in np.meshgrid(y, x, indexing="ij"))
    basis = np.stack([np.ones_like(b), b, c, b * b, b * c, c * c], axis=1)
    border = np.maximum(np.abs(y)[:, np.newaxis], np.abs(x)).reshape(-1) > 0.85
    weights, surface = border.astype(np.float64), np.array([np.median(values[border]), 0, 0, 0, 0, 0])
    for turn in range(ROUNDS):
        residual = values - basis @ surface
        counted = border if turn < ROUNDS // 2 else np.ones_like(border)
        spread = max(_deviation(residual[counted]), STEADY)
        weights = counted / (1 + (residual / (2 * spread)) ** 2) ** 2
        weighted = basis * weights[:, np.newaxis]
        surface = np.linalg.lstsq(weighted.T @ basis, weighted.T @ values, rcond=1e-9)[0]
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in (height, width))
    a, b, c, d, e, f = surface.astype(np.float32)
    return np.asarray((a + b * y + d * y * y)[:, np.newaxis] + (c * x + f * x * x) + e * np.outer(y, x), np.float32)


def _deviation(residual: NDArray[np.floating]) -> float:
    """The standard deviation of most of some residuals, by the median, which outliers do not move."""
    return float(1.4826 * np.median(np.abs(residual)))
