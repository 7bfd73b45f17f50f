"""Background subtraction: find the ink in a photograph with uneven light.

The background is modelled as a smooth surface fitted to most of the pixels; the rest is ink or noise.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.pictures.fit import MIN_CONTRAST

Grey = NDArray[np.float32]

MIN_SIGNAL_TO_NOISE = 6  # contrast of the ink / standard deviation of the noise
MIN_STD = 3  # grey levels: assumed variation of every background
MAX_NOISE, MAX_UNSMOOTHED = 2, 200  # grey levels; pixels a side: above both, the picture is smoothed
SAMPLES = 128  # points a side to which the background is fitted
ITERATIONS = 12


def find_ink_on_paper(grey: Grey) -> Grey | None:
    """Return the ink, (h, w) in [0, 1], of a picture, (h, w) in [0, 255]; None if the contrast is too low.

    Strokes may be dark on light or light on dark; the polarity with the higher contrast is taken.
    """
    background = fit_background(grey)
    difference = grey - background
    noise = _robust_std(difference)
    if noise > MAX_NOISE and min(grey.shape) > MAX_UNSMOOTHED:
        difference = ndimage.gaussian_filter(difference, 1)
        noise = _robust_std(difference)
    threshold = max(MIN_STD, 3 * noise) if noise else 0
    dark = np.square(np.maximum(-difference - threshold, 0)).sum()
    if dark > np.square(np.maximum(difference - threshold, 0)).sum():
        # The contrast of dark ink is proportional to the light
        difference = -difference * (background.max() / np.maximum(background, 1))
        difference[background < MIN_CONTRAST] = 0
    strongest = np.partition(difference.reshape(-1), -min(20, difference.size))[-min(20, difference.size) :].mean()
    if strongest < MIN_CONTRAST or strongest <= MIN_SIGNAL_TO_NOISE * noise:  # so `level` > threshold
        return None
    level = np.quantile(difference[difference >= strongest / 2], 0.8)
    return np.asarray(np.clip((difference - threshold) / (level - threshold), 0, 1), np.float32)


def fit_background(grey: Grey) -> Grey:
    """Fit a quadratic surface to the background of a picture: (h, w).

    Iteratively reweighted least squares with squared Cauchy weights (Holland & Welsch 1977). Outliers, such as ink, get
    weights near zero. The first half of the iterations uses the border only.
    """
    height, width = grey.shape
    y, x = (np.linspace(-1, 1, size, dtype=np.float32)[:: -(-size // SAMPLES)] for size in (height, width))
    values = grey[:: -(-height // SAMPLES), :: -(-width // SAMPLES)].astype(np.float64).reshape(-1)
    b, c = (axis.reshape(-1).astype(np.float64) for axis in np.meshgrid(y, x, indexing="ij"))
    basis = np.stack([np.ones_like(b), b, c, b * b, b * c, c * c], axis=1)
    border = np.maximum(np.abs(y)[:, np.newaxis], np.abs(x)).reshape(-1) > 0.85
    weights, surface = border.astype(np.float64), np.array([np.median(values[border]), 0, 0, 0, 0, 0])
    for iteration in range(ITERATIONS):
        residual = values - basis @ surface
        used = border if iteration < ITERATIONS // 2 else np.ones_like(border)
        spread = max(_robust_std(residual[used]), MIN_STD)
        weights = used / (1 + (residual / (2 * spread)) ** 2) ** 2
        weighted = basis * weights[:, np.newaxis]
        surface = np.linalg.lstsq(weighted.T @ basis, weighted.T @ values, rcond=1e-9)[0]
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in (height, width))
    a, b, c, d, e, f = surface.astype(np.float32)
    return np.asarray((a + b * y + d * y * y)[:, np.newaxis] + (c * x + f * x * x) + e * np.outer(y, x), np.float32)


def _robust_std(residual: NDArray[np.floating]) -> float:
    """Estimate the standard deviation from the median absolute value, robust to outliers."""
    return float(1.4826 * np.median(np.abs(residual)))
