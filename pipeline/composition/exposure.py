"""A picture of ink on paper, as a camera or a scanner takes it."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pipeline.composition.paper import light, smooth_noise
from pipeline.composition.signs import Generator, Ink


def expose(ink: Ink, generator: Generator) -> Ink:
    """Return grey levels: ink on paper in some light, as a camera or a scanner takes them."""
    shape = ink.shape
    paper = generator.uniform(60, 250)
    contrast = (
        paper * generator.uniform(0.5, 0.95) if generator.random() < 0.7 else paper * generator.uniform(0.07, 0.5)
    )
    grey = (paper - contrast * ink) * light(shape, generator)
    if generator.random() < 0.04:  # the edge of a sheet, or of a scan
        side, wide = generator.integers(4), int(generator.integers(1, 30))
        edge = np.s_[:wide], np.s_[-wide:], np.s_[:, :wide], np.s_[:, -wide:]
        grey[edge[side]] = generator.uniform(0, 255)
    if generator.random() < 0.55:
        sigma = generator.choice([generator.uniform(0.3, 0.9), generator.uniform(0.6, 2.0)])
        grey = ndimage.gaussian_filter(grey, sigma)
    elif generator.random() < 0.15:  # a camera that moves
        grey = ndimage.uniform_filter1d(grey, int(generator.integers(2, 7)), axis=int(generator.integers(2)))
    if generator.random() < 0.1:  # few pixels
        factor = generator.uniform(1.3, 2.7)
        small = Image.fromarray(grey).resize((round(shape[1] / factor), round(shape[0] / factor)), Image.Resampling.BOX)
        kind = generator.choice([Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
        grey = np.asarray(small.resize((shape[1], shape[0]), Image.Resampling(kind)))
    if generator.random() < 0.65:
        noise = math.exp(generator.uniform(math.log(0.5), math.log(0.3 * contrast + 0.6)))
        scale = 1 if generator.random() < 0.6 else generator.uniform(1, 4)
        grey = grey + noise / math.sqrt(scale) * smooth_noise(shape, (scale, scale), generator)
    if generator.random() < 0.25:
        grey = compress(grey, int(generator.integers(12, 70)))
    return grey


def to_levels(grey: Ink) -> NDArray[np.uint8]:
    """Return the grey levels as integers."""
    return np.clip(grey, 0, 255).astype(np.uint8)


def compress(grey: Ink, quality: int) -> Ink:
    """Return the grey levels after JPEG compression."""
    file = io.BytesIO()
    Image.fromarray(to_levels(grey)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32)
