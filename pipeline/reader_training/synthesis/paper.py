"""Draw ink on imperfect paper, as a camera or scanner takes it: writing on the other side, textures, shadows, blur."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.ink import to_ink
from pipeline.pictures.filters import ndimage
from pipeline.reader_training.synthesis.signs import Generator, Ink, SourceImages, choose_hand, write

PaperShape = tuple[int, int]

# Shares of the pictures whose light has ...
GRADIENT = 0.6
GENTLE = 0.8  # of the gradients
VIGNETTE = 0.08
SOFT_SHADOW = 0.06
SHADOW_EDGE = 0.2
FOLD = 0.1
STAIN = 0.12
RING = 0.6  # of the stains
CLOUDS = 0.3
FABRIC = 0.06

# Shares of the pictures in which the ink is dark, and of those with each fault of a camera or a scanner.
DARK_INK = 0.7
SHEET_EDGE = 0.04
BLUR_SHARE = 0.55
MOVE_SHARE = 0.15  # of those that are not blurred
FEW_PIXELS = 0.1
NOISY = 0.65
FINE_NOISE = 0.6  # of the noisy pictures: noise that differs from pixel to pixel
COMPRESSED = 0.25


def paste(sheet: Ink, ink: Ink, top: int, left: int) -> None:
    """Add ink to a sheet, where it is stronger than what is there; what lies outside is lost."""
    bottom, right = min(top + ink.shape[0], sheet.shape[0]), min(left + ink.shape[1], sheet.shape[1])
    y, x = max(top, 0), max(left, 0)
    if y < bottom and x < right:
        part = sheet[y:bottom, x:right]
        np.maximum(part, ink[y - top : bottom - top, x - left : right - left], out=part)


def bleed_through(shape: PaperShape, source: SourceImages, generator: Generator) -> Ink:
    """Return faint, blurred, mirrored writing of the other side."""
    sheet = np.zeros(shape, np.float32)
    hand = choose_hand(generator)
    size = generator.uniform(12, 40)
    for _ in range(generator.integers(2, 10)):
        ink = to_ink(source.images[generator.integers(len(source.images))])
        y, x = generator.uniform(-0.1, 1, 2) * shape
        paste(sheet, write(ink, size, hand, generator)[:, ::-1], int(y), int(x))
    return np.asarray(ndimage.gaussian_filter(sheet, generator.uniform(0.6, 2)) * generator.uniform(0.05, 0.4))


def texture(shape: PaperShape, generator: Generator) -> Ink:
    """Return a pattern in [0, 1] on which nothing is written: stripes, checks, dots, bars, grain."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    angle, pitch = generator.uniform(0, math.pi), generator.uniform(3, 40, 2)
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    waves = np.sin(2 * math.pi * along / pitch[0]), np.sin(2 * math.pi * across / pitch[1])
    kind = generator.integers(5)
    if kind == 0:
        pattern = waves[0] + 0 * across
    elif kind == 1:
        pattern = waves[0] * waves[1]
    elif kind == 2:
        pattern = np.minimum(waves[0], waves[1]) - generator.uniform(-0.5, 0.7)
    elif kind == 3:
        bars = np.repeat(generator.random(2 * sum(shape)) < 0.5, int(generator.integers(1, 8)))
        pattern = np.where(bars[np.asarray(along + shape[0]).astype(int) + 0 * y.astype(int)], 1.0, -1.0)
    else:
        pattern = smooth_noise(shape, tuple(generator.uniform(1, 40, 2)), generator)
    return np.asarray(1 / (1 + np.exp(-generator.choice([1, 3, 20]) * pattern)), np.float32)


def smooth_noise(shape: PaperShape, scale: tuple[float, float], generator: Generator) -> Ink:
    """Return noise that is smooth over `scale` pixels, with a standard deviation of about 0.8."""
    coarse = [max(2, math.ceil(side / reach) + 1) for side, reach in zip(shape, scale, strict=True)]
    noise = Image.fromarray(generator.standard_normal(coarse, np.float32))
    return np.asarray(noise.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def light(shape: PaperShape, generator: Generator) -> Ink:
    """Return factors on the light of each pixel: gradients, shadows, folds, stains, vignettes."""
    height, width = shape
    y, x = np.ogrid[:height, :width]
    factor = np.ones(shape, np.float32)

    def beyond(angle: float) -> Ink:
        """Return the distance of each pixel from a line at an angle, negative on one side."""
        return np.asarray(
            (x - generator.uniform(0, width)) * math.cos(angle) + (y - generator.uniform(0, height)) * math.sin(angle)
        )

    if generator.random() < GRADIENT:
        across, down = generator.normal(0, 0.15 if generator.random() < GENTLE else 0.6, 2)
        factor *= np.clip(1 + across * (x / width - 0.5) + down * (y / height - 0.5), 0.2, 1.8)
    if generator.random() < VIGNETTE:  # a vignette, or a spot of light
        away = np.hypot(x - generator.uniform(0, width), y - generator.uniform(0, height)) / generator.uniform(30, 150)
        factor *= 1 - generator.uniform(0.2, 0.9) * np.clip(away, 0, 1) ** generator.choice([2, 4])
    if generator.random() < SOFT_SHADOW:  # a soft shadow, as of a hand or a pen
        angle, wide = generator.uniform(0, 2 * math.pi), generator.uniform(3, 30)
        across, along = beyond(angle) / wide, beyond(angle + math.pi / 2) / (wide * generator.uniform(0.5, 8))
        factor *= 1 - generator.uniform(0.1, 0.6) * np.exp(-(across**4) - along**4)
    if generator.random() < SHADOW_EDGE:
        angle, soft = generator.uniform(0, 2 * math.pi), generator.choice([0.4, 1, 3, 10])
        edge = np.clip(beyond(angle) / soft, -30, 30)
        factor *= 1 - generator.uniform(0.1, 0.65) / (1 + np.exp(-edge))
    if generator.random() < FOLD:
        angle = generator.choice([0, math.pi / 2]) + generator.normal(0, 0.2)
        side = beyond(angle)
        bend, crease = generator.normal(0, 0.05), generator.normal(0, 0.12)
        factor *= 1 + bend * np.tanh(side / 3) + crease * np.exp(-((side / generator.uniform(0.6, 3)) ** 2))
    if generator.random() < STAIN:  # a round stain, or the ring of a cup
        radius, reach = generator.uniform(10, 90), generator.uniform(1, 6)
        away = np.hypot(x - generator.uniform(0, width), y - generator.uniform(0, height))
        edge = (away - radius) / reach
        stain = np.exp(-(edge**2)) if generator.random() < RING else 1 / (1 + np.exp(edge))
        factor *= 1 - generator.uniform(0.05, 0.45) * stain
    if generator.random() < CLOUDS:  # clouds, wood, creases
        scale = generator.choice([(8, 8), (20, 20), (4, 40), (40, 4), (3, 3), (60, 1.5)])
        factor *= 1 + generator.uniform(0, 0.08) * smooth_noise(shape, tuple(scale), generator)
    if generator.random() < FABRIC:  # fabric, a screen
        pitch, depth = generator.uniform(2, 7, 2), generator.uniform(0.02, 0.12)
        factor *= 1 + depth * np.sin(2 * math.pi * x / pitch[0] + y / 9) * np.sin(2 * math.pi * y / pitch[1])
    return np.maximum(factor, 0.05)


def expose(ink: Ink, generator: Generator, darkness: float = 1.0) -> Ink:
    """Return grey levels: ink on paper in some light, as a camera or a scanner takes them.

    darkness: factor on the contrast of the ink.
    """
    shape = ink.shape
    paper = generator.uniform(60, 250)
    contrast = darkness * paper * generator.uniform(*((0.5, 0.95) if generator.random() < DARK_INK else (0.07, 0.5)))
    grey = (paper - contrast * ink) * light(shape, generator)
    if generator.random() < SHEET_EDGE:  # the edge of a sheet, or of a scan
        side, wide = generator.integers(4), int(generator.integers(1, 30))
        edge = np.s_[:wide], np.s_[-wide:], np.s_[:, :wide], np.s_[:, -wide:]
        grey[edge[side]] = generator.uniform(0, 255)
    if generator.random() < BLUR_SHARE:
        sigma = generator.choice([generator.uniform(0.3, 0.9), generator.uniform(0.6, 2.0)])
        grey = ndimage.gaussian_filter(grey, sigma)
    elif generator.random() < MOVE_SHARE:  # a camera that moves
        grey = ndimage.uniform_filter1d(grey, int(generator.integers(2, 7)), axis=int(generator.integers(2)))
    if generator.random() < FEW_PIXELS:
        factor = generator.uniform(1.3, 2.7)
        small = Image.fromarray(grey).resize((round(shape[1] / factor), round(shape[0] / factor)), Image.Resampling.BOX)
        kind = generator.choice([Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])
        grey = np.asarray(small.resize((shape[1], shape[0]), Image.Resampling(kind)))
    if generator.random() < NOISY:
        noise = math.exp(generator.uniform(math.log(0.5), math.log(0.3 * contrast + 0.6)))
        scale = 1 if generator.random() < FINE_NOISE else generator.uniform(1, 4)
        grey = grey + noise / math.sqrt(scale) * smooth_noise(shape, (scale, scale), generator)
    if generator.random() < COMPRESSED:
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
