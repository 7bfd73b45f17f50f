"""Numbers on paper in uneven light, or that is old or folded."""

import numpy as np
from scipy import ndimage

from tests.benchmarks.paper import Levels, choose_edge, expose, list_coordinates
from tests.benchmarks.writing import Digits, Generator, write_with_margin


def shadow(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Cast a hard shadow on half of the ink, or on all but a line image, that leaves 40% to 75% of the light."""
    ink, text = write_with_margin(generator, digits, 20, 80)
    angle = generator.uniform(0, 2 * np.pi)
    softness = generator.uniform(0.5, 4)
    shaded = np.clip(choose_edge(generator, ink, angle) / softness + 0.5, 0, 1)
    if generator.random() < 0.3:  # a corner
        shaded = shaded * np.clip(choose_edge(generator, ink, angle + np.pi / 2) / softness + 0.5, 0, 1)
    light = 1 - generator.uniform(0.25, 0.6) * shaded
    y, x = list_coordinates(ink.shape)
    light = light * (1 - generator.uniform(0, 0.1) * np.abs(x) - generator.uniform(0, 0.1) * np.abs(y))
    return expose(generator, ink, light=light), text


def two_lights(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    ink, text = write_with_margin(generator, digits, 20, 100)
    y, x = list_coordinates(ink.shape)
    light = np.full(ink.shape, 0.1)
    for _ in range(2):
        centre, reach = generator.uniform(-1.2, 1.2, 2), generator.uniform(0.5, 1.2)
        light += generator.uniform(0.5, 1) / (1 + ((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / reach**2)
    return expose(generator, ink, light=np.asarray(light / light.max())), text


def yellowed(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write on yellow or brown paper with stains and fibres."""
    ink, text = write_with_margin(generator, digits, 20, 80)
    stains = ndimage.gaussian_filter(generator.normal(size=ink.shape), generator.uniform(8, 40))
    stains = np.clip(stains / stains.std(), -2, 2) * generator.uniform(0.01, 0.05)
    fibres = ndimage.gaussian_filter(generator.normal(size=ink.shape), (0.5, 2))
    stains += fibres / fibres.std() * generator.uniform(0, 0.012)
    age = generator.uniform(0, 1)
    colour = age * np.array((0.8, 0.68, 0.45)) + (1 - age) * np.array((0.98, 0.94, 0.78))
    paper = np.clip(colour + stains[..., np.newaxis] * (0.6, 0.9, 1.3), 0, 1)
    return expose(generator, ink, paper=paper), text


def vignette(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Darken the corners by half to four fifths; the digits are anywhere."""
    ink, text = write_with_margin(generator, digits, 10, 160)
    y, x = list_coordinates(ink.shape)
    radius = np.hypot(y, x) / np.hypot(y, x).max()
    light = np.asarray(1 - generator.uniform(0.5, 0.8) * radius ** generator.uniform(2, 4))
    return expose(generator, ink, light=light), text


def fold(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Fold the paper through the ink: another light on either side, and a dark crease next to a light one."""
    ink, text = write_with_margin(generator, digits, 20, 80)
    angle = generator.choice([0, np.pi / 2]) + generator.normal(0, 0.1)
    straight, depth = choose_edge(generator, ink, angle), generator.uniform(1, 4)
    edge = straight + depth * np.sin(choose_edge(generator, ink, angle + np.pi / 2) / 40)
    light = np.where(edge > 0, 1, generator.uniform(0.8, 0.95))
    light = light - generator.uniform(0, 0.12) * np.exp(-np.abs(edge) / generator.uniform(10, 60)) * (edge > 0)
    width = generator.uniform(0.7, 2)
    light = light - generator.uniform(0.05, 0.2) * np.exp(-((edge / width) ** 2))
    light = light + generator.uniform(0, 0.05) * np.exp(-(((edge - 3 * width) / width) ** 2))
    return expose(generator, ink, light=np.clip(light / 1.05, 0, 1)), text
