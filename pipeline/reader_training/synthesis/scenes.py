"""Draw scenes without writing that people photograph by mistake or around the paper: landscapes, rooms, cloth, wood."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from pipeline.data.ink import to_ink
from pipeline.pictures.filters import ndimage
from pipeline.reader_training.synthesis.paper import PaperShape, smooth_noise, texture
from pipeline.reader_training.synthesis.signs import FINER, Generator, Ink

ROUGHNESS = 0.4, 1.1  # exponent of the amplitude of fractal noise by its wavelength
SHRINKS = 0.6, 0.85  # length of a branch, relative to the one from which it grows
DEPTH = 6  # generations of branches, at most


def draw_scene(shape: PaperShape, generator: Generator) -> Ink:
    """Return the darkness of a scene, (h, w) in [0, 1]: some parts on a background, often out of focus."""
    scene = fractal_noise(shape, generator) if generator.random() < 0.6 else np.full(shape, 0.5, np.float32)
    for _ in range(generator.integers(1, 5)):
        part = SCENES[generator.integers(len(SCENES))](shape, generator)
        strength = np.float32(generator.uniform(0.3, 1) * generator.choice([-1, 1]))
        scene = scene + strength * part
    if generator.random() < 0.4:
        scene = ndimage.gaussian_filter(scene, generator.uniform(0.5, 3))
    low, high = float(scene.min()), float(scene.max())
    return np.asarray((scene - low) / max(high - low, 1e-6), np.float32)


def fractal_noise(shape: PaperShape, generator: Generator) -> Ink:
    """Return a sum of noise at all scales, in [0, 1], such as clouds, foliage, walls, fur and bark."""
    rough, stretch = generator.uniform(*ROUGHNESS), math.exp(generator.normal(0, 0.7))
    total = np.zeros(shape, np.float32)
    for octave in range(7):
        scale = 2.0**octave
        total += scale**rough * smooth_noise(shape, (scale * stretch, scale / stretch), generator)
    total = np.tanh(generator.choice([0.6, 1.5, 4]) * total / total.std())
    return np.asarray((total + 1) / 2, np.float32)


def _canvas(shape: PaperShape) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (FINER * shape[1], FINER * shape[0]))
    return image, ImageDraw.Draw(image)


def _finish(image: Image.Image) -> Ink:
    return to_ink(np.asarray(image.reduce(FINER)))


def branches(shape: PaperShape, generator: Generator) -> Ink:
    """Return trees, twigs, cracks: lines that fork."""
    image, pen = _canvas(shape)

    def grow(x: float, y: float, angle: float, length: float, width: float, depth: int) -> None:
        bends = [(x, y)]
        for _ in range(3):
            angle += generator.normal(0, 0.15)
            x, y = x + length / 3 * math.cos(angle), y + length / 3 * math.sin(angle)
            bends.append((x, y))
        pen.line(bends, 255, max(1, round(width)))
        if depth and length > 3:
            for _ in range(generator.integers(1, 4)):
                shrink = generator.uniform(*SHRINKS)
                grow(x, y, angle + generator.normal(0, 0.6), shrink * length, shrink * width, depth - 1)

    for _ in range(generator.integers(1, 5)):
        x, y = generator.uniform(0, FINER, 2) * (shape[1], shape[0])
        length = FINER * generator.uniform(8, 60)
        grow(x, y, generator.normal(-math.pi / 2, 0.5), length, length * generator.uniform(0.05, 0.3), DEPTH)
    return _finish(image)


def poles(shape: PaperShape, generator: Generator) -> Ink:
    """Return poles, legs, cables, slats and frames: straight and parallel edges."""
    image, pen = _canvas(shape)
    angle, apart = generator.choice([0, math.pi / 2]) + generator.normal(0, 0.15), FINER * generator.uniform(5, 80)
    along = np.array([math.cos(angle), math.sin(angle)])
    across, reach = np.array([-along[1], along[0]]), FINER * sum(shape)
    at = generator.uniform(0, FINER, 2) * (shape[1], shape[0])
    for number in range(generator.integers(1, 12)):
        start = at + across * number * apart * generator.uniform(0.9, 1.1)
        first, last = np.sort(generator.uniform(-reach, reach, 2)) if generator.random() < 0.5 else (-reach, reach)
        points = [tuple((start + away * along).tolist()) for away in (first, last)]
        pen.line(points, int(generator.integers(80, 256)), max(1, round(FINER * generator.uniform(0.5, 8))))
    return _finish(image)


def polygons(shape: PaperShape, generator: Generator) -> Ink:
    """Return roofs, mountains, windows, boxes and shadows: areas with sharp edges."""
    image, pen = _canvas(shape)
    for _ in range(generator.integers(1, 8)):
        x, y = generator.uniform(-0.1, 1.1, 2) * FINER * np.array(shape[::-1])
        wide, high = FINER * np.exp(generator.uniform(math.log(5), math.log(120), 2))
        count = int(generator.integers(3, 8))
        angles = np.sort(generator.uniform(0, 2 * math.pi, count))
        corners = np.stack([x + wide * np.cos(angles), y + high * np.sin(angles)], axis=1)
        if generator.random() < 0.4:
            corners = np.array([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)])
        fill = int(generator.integers(40, 256))
        outline = 255 if generator.random() < 0.3 else None
        pen.polygon([tuple(corner) for corner in corners.tolist()], fill, outline, int(generator.integers(1, 6)))
    return _finish(image)


def blobs(shape: PaperShape, generator: Generator) -> Ink:
    """Return leaves, stones, fingers, buttons, crumbs: round areas, filled or not."""
    image, pen = _canvas(shape)
    size = FINER * math.exp(generator.uniform(math.log(2), math.log(40)))
    for _ in range(generator.integers(1, 40)):
        x, y = generator.uniform(0, FINER, 2) * (shape[1], shape[0])
        wide, high = size * np.exp(generator.normal(0, 0.4, 2))
        box = (x - wide, y - high, x + wide, y + high)
        if generator.random() < 0.7:
            pen.ellipse(box, int(generator.integers(60, 256)))
        else:
            pen.ellipse(box, None, 255, max(1, round(0.2 * size)))
    return _finish(image)


def folds(shape: PaperShape, generator: Generator) -> Ink:
    """Return cloth, water, wood, hair: waves that bend along noise."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    angle, pitch = generator.uniform(0, math.pi), generator.uniform(4, 60)
    bend = generator.uniform(0, 2) * smooth_noise(shape, tuple(generator.uniform(10, 80, 2)), generator)
    waves = np.sin(2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / pitch + 2 * bend)
    return np.asarray((np.sign(waves) * np.abs(waves) ** generator.choice([0.3, 1, 3]) + 1) / 2, np.float32)


SCENES: tuple[Callable[[PaperShape, Generator], Ink], ...] = (
    *(branches, branches, poles, poles, polygons, polygons, blobs, folds, texture, fractal_noise),
)
