"""Background subtraction: find the ink in a photograph with uneven light.

The background is a smooth surface, or, under a shadow or a lamp, what remains where narrow strokes are removed.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Grey = NDArray[np.float32]

MIN_CONTRAST = 16  # grey levels between background and ink
MIN_CONTRAST_CLEAR, MAX_NOISE_CLEAR = 11, 1  # grey levels: the former holds in pictures with less noise than the latter
MIN_SIGNAL_TO_NOISE = 6  # contrast of the ink / standard deviation of the noise
MIN_SIGNAL_TO_NOISE_LOCAL = 10  # the same in large pictures where no surface fits, such as textures
MIN_STD = 3  # grey levels: assumed variation of every background
MAX_NOISE, MAX_UNSMOOTHED = 2, 200  # grey levels; pixels a side: above both, the picture is smoothed
SAMPLES = 128  # blocks of pixels along the longer side, from whose means the background is estimated
ITERATIONS = 12
WINDOWS = (0.12, 0.24)  # of the closing, relative to the shorter side: wider than a stroke, narrower than a shadow
MAX_OPPOSITE = 0.005  # energy of deviations opposite to the ink, relative to the ink's, where a surface fits the paper
DARK_PRIOR = 1.5  # odds of dark ink on light paper, where no surface fits
MEDIAN_SAMPLES, MEDIAN_WINDOW = 48, 13  # blocks along the longer side; blocks in which paper is the majority
MIN_STEP, MIN_STEP_SHARE = 8, 0.1  # grey levels; share of the contrast: minimum of a shadow
INK_RATIO, MIN_INK = 0.25, 0.02  # log of shadow / ink in it; share of the shadow that has ink
STROKE_RATIO = 0.7  # log of paper / thick stroke, relative to that of other ink
MAX_OFFSET = 0.7  # median of the differences from the background, relative to the largest one
MAX_MISFIT = 0.05  # of the picture: parts without ink in a local background, where no surface fits
MIN_SEPARATION = 0.85  # minimum variance between two levels, relative to that of the picture
MIN_BORDER = 0.02  # of the border of the picture: minimum part that each of two levels covers


def find_ink_on_paper(grey: Grey) -> Grey | None:
    """Return the ink, (h, w) in [0, 1], of a picture, (h, w) in [0, 255]; None if the contrast is too low.

    Strokes may be dark on light or light on dark.
    """
    factor = -(-max(grey.shape) // SAMPLES)
    base, is_dark, is_surface = estimate_background(np.asarray(Image.fromarray(grey).reduce(factor)))
    background = _enlarge(base, factor, grey)
    difference = background - grey if is_dark else grey - background
    offset = np.median(_thin_out(difference))
    if offset < MAX_OFFSET * difference.max():  # else most of the picture is ink
        difference -= offset
    noise = _robust_std(_thin_out(difference))
    least = MIN_CONTRAST_CLEAR if noise < MAX_NOISE_CLEAR else MIN_CONTRAST
    if noise > MAX_NOISE and min(grey.shape) > MAX_UNSMOOTHED:
        difference = ndimage.gaussian_filter(difference, 1, truncate=2)
        noise = _robust_std(_thin_out(difference))
    threshold = max(MIN_STD, 3 * noise) if noise else 0
    light = np.float32(1)
    if is_dark:  # its contrast is proportional to the light
        light = background.max() / np.maximum(background, 1)
        difference *= light
        difference[background < MIN_CONTRAST] = 0
    strongest = _mean_of_largest(difference, 20)
    signal_to_noise = MIN_SIGNAL_TO_NOISE if is_surface or factor == 1 else MIN_SIGNAL_TO_NOISE_LOCAL
    if strongest < least or strongest <= signal_to_noise * noise:
        return None
    ink = difference - threshold * light
    level = np.quantile(ink[difference >= strongest / 2], 0.8)
    return np.asarray(np.clip(ink / max(level, MIN_STD), 0, 1), np.float32)


def estimate_background(small: Grey) -> tuple[Grey, bool, bool]:
    """Estimate the background of a picture: (h, w) in [0, 255], at most SAMPLES a side.

    Also return whether the ink is darker than it, and whether a smooth surface fits it.

    A grey closing of the differences from a smooth surface removes dark strokes narrower than its window and keeps wide
    shadows with their edges (an opening does so for light strokes). Wide parts that it keeps may also be thick strokes:
    a shadow extends to the border and has ink that is darker than most of it, a stroke does not.
    """
    surface = fit_background(small)
    difference = ndimage.gaussian_filter(small - surface, 0.7)
    log_light = np.log(np.maximum(small, MIN_STD))
    dark_energy, light_energy = _measure_energy(-difference), _measure_energy(difference)
    is_surface = min(dark_energy, light_energy) <= MAX_OPPOSITE * max(dark_energy, light_energy)
    if not is_surface:
        difference_of_logs = 100 * _subtract_median(log_light)
        dark_energy, light_energy = (
            DARK_PRIOR * _measure_energy(-difference_of_logs),
            _measure_energy(difference_of_logs),
        )
    is_dark = dark_energy > light_energy
    sign = -1 if is_dark else 1
    closing = ndimage.grey_closing if is_dark else ndimage.grey_opening
    sizes = (2 * round(window * min(small.shape) / 2) + 1 for window in WINDOWS)
    narrow, wide = (surface + closing(difference, (size, size)) for size in sizes)
    for base in (narrow, wide):
        step = ndimage.minimum_filter(sign * (base - surface), 3)
        parts = step > max(MIN_STEP, MIN_STEP_SHARE * (sign * difference).max())
        if is_surface and not (parts[[0, -1]].any() or parts[:, [0, -1]].any()):
            break
        if not is_surface and parts.mean() < MAX_MISFIT:
            return base, is_dark, is_surface
        if np.mean(sign * (log_light[parts] - np.median(log_light[parts])) > INK_RATIO) > MIN_INK:
            # Parts of a thick stroke are as dark as the other ink
            ink = [sign * (log_light - np.log(np.maximum(each, MIN_STD))) for each in (narrow, wide)]
            usual = np.median(ink[0][ink[0] >= INK_RATIO]) if (ink[0] >= INK_RATIO).any() else np.inf
            return np.where(ink[1] >= STROKE_RATIO * usual, wide, base), is_dark, is_surface
    return surface, is_dark, is_surface


def fit_background(grey: Grey) -> Grey:
    """Fit a quadratic surface to the background of a picture: (h, w).

    Iteratively reweighted least squares with squared Cauchy weights (Holland & Welsch 1977). Outliers, such as ink, get
    weights near zero. The first half of the iterations uses the border only.
    """
    y, x = (axis.reshape(-1) for axis in np.meshgrid(*(np.linspace(-1, 1, size) for size in grey.shape), indexing="ij"))
    values = grey.astype(np.float64).reshape(-1)
    basis = np.stack([np.ones_like(y), y, x, y * y, y * x, x * x], axis=1)
    border = np.maximum(np.abs(y), np.abs(x)) > 0.85
    surface = np.array([np.median(values[border]), 0, 0, 0, 0, 0])
    for iteration in range(ITERATIONS):
        residual = values - basis @ surface
        used = border if iteration < ITERATIONS // 2 else np.ones_like(border)
        spread = max(_robust_std(residual[used]), MIN_STD)
        weights = used / (1 + (residual / (2 * spread)) ** 2) ** 2
        weighted = basis * weights[:, np.newaxis]
        surface = np.linalg.lstsq(weighted.T @ basis, weighted.T @ values, rcond=1e-9)[0]
    return np.asarray((basis @ surface).reshape(grey.shape), np.float32)


def _subtract_median(small: Grey) -> Grey:
    """Return the differences from the medians of windows, at most MEDIAN_SAMPLES along the longer side."""
    height, width = (max(1, round(MEDIAN_SAMPLES * side / max(small.shape))) for side in small.shape)
    grid = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BOX))
    padded = np.pad(grid, MEDIAN_WINDOW // 2, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (MEDIAN_WINDOW, MEDIAN_WINDOW))
    return np.asarray(grid - np.median(windows.reshape(*grid.shape, -1), axis=-1), np.float32)


def _enlarge(base: Grey, factor: int, grey: Grey) -> Grey:
    """Enlarge a background by a factor to the shape of `grey`; the edges of shadows follow the pixels of `grey`."""

    def enlarge(values: Grey) -> Grey:
        size = (factor * values.shape[1], factor * values.shape[0])
        large = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))
        return large[: grey.shape[0], : grey.shape[1]]

    low, high = ndimage.minimum_filter(base, 3), ndimage.maximum_filter(base, 3)
    if factor == 1 or (high - low).max() <= MIN_STEP:
        return enlarge(base)
    low, high = enlarge(low), enlarge(high)
    return np.where(high - low > MIN_STEP, np.clip(grey, low, high), enlarge(base))


def _measure_energy(difference: Grey) -> float:
    """Return the sum of squares of what exceeds MIN_STD."""
    return float(np.square(np.maximum(difference - MIN_STD, 0)).sum())


def _thin_out(values: Grey) -> Grey:
    """Return a grid of pixels, at least SAMPLES along the longer side of a large picture."""
    step = max(1, max(values.shape) // (2 * SAMPLES))
    return values[::step, ::step]


def _robust_std(residual: NDArray[np.floating]) -> float:
    """Estimate the standard deviation from the median absolute value, robust to outliers."""
    return float(1.4826 * np.median(np.abs(residual)))


def _mean_of_largest(values: Grey, count: int) -> float:
    """Return the mean of the `count` largest values, (h, w), or of all if there are fewer."""
    maxima = values.max(axis=1)
    # At least `count` values reach the row maximum of that rank; a partition of all values takes much longer.
    bound = np.partition(maxima, -count)[-count] if len(maxima) >= count else -np.inf
    largest = values[values >= bound]
    return float(np.partition(largest, -min(count, largest.size))[-count:].mean())


def separate_levels(grey: Grey) -> list[Grey]:
    """Return the dark and the light part, (h, w) in [0, 1], of a picture of two levels, both of which touch its border.

    Either may be the ink of a tight crop. Other pictures have no such parts. The threshold between the levels maximises
    the variance between the parts (Otsu 1979).
    """
    counts = np.bincount(grey.astype(np.uint8).reshape(-1), minlength=256).astype(np.float64)
    below, sums = counts.cumsum()[:-1], (counts * np.arange(256)).cumsum()
    above = grey.size - below
    low, high = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * (high - low) ** 2 / grey.size**2
    best = int(between.argmax())
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]) > best
    mixed = MIN_BORDER < border.mean() < 1 - MIN_BORDER
    if not mixed or between[best] < MIN_SEPARATION * grey.var() or high[best] - low[best] < MIN_CONTRAST:
        return []
    light = np.asarray(np.clip((grey - low[best]) / (high[best] - low[best]), 0, 1), np.float32)
    return [1 - light, light]
