"""Digits in 17 styles that are common in other countries and rare in MNIST, distorted at random.

The templates were written for the benchmark of the drawing demo. They are not those of pipeline/data/shapes.py, with
which the network is trained, and are not adapted to its predictions.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tests.pipeline.pages.handwriting import Generator, scatter
from tests.pipeline.pages.strokes import Strokes, arc, curve, line, wobble

Template = Callable[[Generator], Strokes]


def oval(generator: Generator) -> Strokes:
    """Return a closed zero, narrow or wide, that begins at its top."""
    start = generator.uniform(-120, -60)
    return [arc(0.5, 0.5, generator.uniform(0.26, 0.44), 0.5, start, start - 370)]


def slashed_zero(generator: Generator) -> Strokes:
    """Return a zero with a slash, which ends inside of it or beyond."""
    reach = generator.uniform(0.2, 0.5)
    rise = generator.uniform(0.8, 1.3)
    return [*oval(generator), [(0.5 + reach * t, 0.5 - rise * reach * t) for t in np.linspace(-1, 1, 8)]]


def looped_zero(generator: Generator) -> Strokes:
    """Return a zero that ends in a small loop at its top."""
    inside = generator.uniform(12, 26)
    return [curve(f"58 4, 30 10, 16 48, 30 92, 62 98, 84 60, 74 18, 52 2, 40 {inside}, 56 {inside + 6}, 70 6")]


def upstroke(low: float, high: float) -> Template:
    """Return a template of a one with an upstroke over this share of its height."""

    def one(generator: Generator) -> Strokes:
        height = generator.uniform(low, high)
        left = 0.56 - height * generator.uniform(0.6, 0.95)
        foot = 0.56 - generator.uniform(0, 0.08)
        return [line(f"{100 * left} {100 * height}, 56 0, {100 * foot} 100")]

    return one


def one_with_foot(generator: Generator) -> Strokes:
    half = generator.uniform(18, 34)
    return [*upstroke(0.15, 0.4)(generator), line(f"{53 - half} 99, {53 + half} 100")]


def looped_two(generator: Generator) -> Strokes:
    """Return a two with a loop at the left of its foot."""
    loop = generator.uniform(72, 84)
    return [curve(f"16 20, 40 1, 72 8, 74 34, 48 70, 20 96, 9 88, 22 {loop}, 46 88, 66 99, 92 90")]


def flat_three(generator: Generator) -> Strokes:
    """Return a three with a flat top and a corner."""
    corner = generator.uniform(34, 46)
    return [line(f"20 3, 80 2, 44 {corner}") + curve(f"44 {corner}, 74 48, 84 74, 58 99, 18 92")]


def open_four(generator: Generator) -> Strokes:
    """Return an open four of two strokes; the second begins at the bar, above it, or at the top."""
    bar, top = generator.uniform(50, 68), generator.uniform(0, 40)
    return [line(f"26 0, 14 {bar}, 90 {bar}"), line(f"64 {top}, 58 100")]


def lightning_four(generator: Generator) -> Strokes:
    """Return a four of one stroke, as a flash of lightning."""
    low = generator.uniform(54, 66)
    return [line(f"54 0, 16 {low}, 82 {low - generator.uniform(2, 12)}, 46 100")]


def barred_five(generator: Generator) -> Strokes:
    """Return a five whose bar is a stroke of its own, which may miss the other one."""
    gap, rise = generator.uniform(-3, 5), generator.uniform(-5, 6)
    bow = curve("28 46, 56 36, 80 62, 66 96, 16 95")
    return [line("32 6, 28 46") + bow, line(f"{32 + gap} 4, 84 {4 - rise}")]


def five_like_s(generator: Generator) -> Strokes:
    top = generator.uniform(20, 32)
    return [curve(f"80 6, 46 1, 24 {top}, 44 46, 72 64, 70 92, 40 100, 14 88")]


def six_with_large_loop(generator: Generator) -> Strokes:
    """Return a six whose loop takes most of its height."""
    top, left = generator.uniform(22, 36), generator.uniform(8, 16)
    return [curve(f"62 0, 28 20, {left} 60, 34 97, 70 96, 88 64, 62 {top}, 34 {top + 10}, 16 64")]


def crossed_seven(generator: Generator) -> Strokes:
    height, tilt = generator.uniform(42, 58), generator.uniform(-4, 8)
    return [line("16 3, 84 2, 44 100"), line(f"32 {height + tilt / 2}, 82 {height - tilt / 2}")]


def seven_with_serif(generator: Generator) -> Strokes:
    """Return a seven with a serif, half of them crossed."""
    serif = generator.uniform(14, 26)
    bar = [line("30 50, 78 47")] if generator.random() < 0.5 else []
    return [line(f"12 {serif}, 14 3, 86 2, 48 100"), *bar]


def eight_of_circles(generator: Generator) -> Strokes:
    """Return an eight of two circles, which nearly touch or overlap."""
    radius, gap = generator.uniform(0.2, 0.26), generator.uniform(-0.04, 0.02)
    low = (1 - 2 * radius - gap) / 2
    return [
        arc(0.5, radius, radius * generator.uniform(0.9, 1.2), radius, -90, -450),
        arc(0.5, 1 - low, low * generator.uniform(0.9, 1.2), low, -90, 275),
    ]


def straight_nine(generator: Generator) -> Strokes:
    """Return a nine of a circle and a straight stem."""
    radius, foot = generator.uniform(0.22, 0.3), generator.uniform(66, 78)
    return [arc(0.76 - radius, radius + 0.02, radius, radius, -20, -375) + line(f"76 20, {foot} 100")]


def hooked_nine(generator: Generator) -> Strokes:
    """Return a nine whose stem ends in a hook to the left."""
    hook = generator.uniform(10, 30)
    return [arc(0.5, 0.26, 0.26, 0.26, -25, -370) + curve(f"76 26, 78 66, 64 98, {hook} {generator.uniform(86, 96)}")]


STYLES: Mapping[str, Template] = {
    "0, slashed": slashed_zero,
    "0, looped": looped_zero,
    "1, short upstroke": upstroke(0.12, 0.3),
    "1, long upstroke": upstroke(0.35, 0.6),
    "1, upstroke and foot": one_with_foot,
    "2, looped": looped_two,
    "3, flat top": flat_three,
    "4, open": open_four,
    "4, lightning": lightning_four,
    "5, separate bar": barred_five,
    "5, like S": five_like_s,
    "6, large loop": six_with_large_loop,
    "7, crossed": crossed_seven,
    "7, serif": seven_with_serif,
    "8, two circles": eight_of_circles,
    "9, straight": straight_nine,
    "9, hooked": hooked_nine,
}


def write_styles(count: int, seed: int) -> Iterator[tuple[str, str, Strokes]]:
    """Yield `count` digits of each style, (style, digit, strokes), distorted, in random sizes and places."""
    generator = np.random.default_rng(seed)
    for style, template in STYLES.items():
        for _ in range(count):
            yield style, style[0], scatter(wobble(template(generator), generator), generator)
