"""Draw kinds of pictures that people have: forms, photographs, rows. Picture n of a kind is always the same."""

import io
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import ndimage

from tests.benchmarks.forms import baseline, boxed, comb, envelope, filled_form, filled_table, form, lined
from tests.benchmarks.lights import fold, shadow, two_lights, vignette, yellowed
from tests.benchmarks.paper import Levels, as_file, expose, to_bytes
from tests.benchmarks.writing import APART, BOX, SCALES, Digits, Generator, add_margin, write_row, write_with_margin

Draw = Callable[[Generator, Digits], tuple[Levels, str]]


def plain(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    ink, text = write_with_margin(generator, digits)
    return expose(generator, ink), text


def tight(generator: Generator, digits: Digits, edges: int | None = None) -> tuple[Levels, str]:
    """Crop at the ink on one to three edges or on `edges`; a quarter of the pictures are light on dark."""
    scale = float(np.exp(generator.uniform(np.log(2), np.log(10))))
    count = int(generator.choice([1, 1, 1, 2, 4]))
    ink, text = write_row(generator, digits, count, scale=scale)
    inked = ink >= 0.5
    ink = ink[np.ix_(np.any(inked, axis=1), np.any(inked, axis=0))]
    margins = generator.integers(3, 41, 4)
    margins[generator.permutation(4)[: edges or int(generator.integers(1, 4))]] = 0
    levels = expose(generator, np.pad(ink, (margins[:2], margins[2:])))
    return (255 - levels if generator.random() < 0.25 else levels), text


def low_contrast(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write 16 to 24 grey levels darker than paper, without noise."""
    ink, text = write_with_margin(generator, digits)
    return to_bytes(generator.integers(120, 256) - generator.integers(16, 25) * ink), text


def twelve_bits(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Use levels up to 4095 of 16 bits."""
    ink, text = write_with_margin(generator, digits)
    paper, pen = generator.uniform(2400, 4090), generator.uniform(200, 1500)
    levels = paper + (pen - paper) * ink + generator.normal(0, generator.choice([0, 8, 30]), ink.shape)
    return np.asarray(np.clip(levels, 0, 4095), np.uint16), text


def several_rows(
    generator: Generator, digits: Digits, count: int, gap: tuple[float, float] = (0.0, 1.2)
) -> tuple[Levels, str]:
    """Write `count` rows of one to five digits of different heights, rotated by up to 4 degrees.

    gap: least and greatest, in heights of a digit, between the highest ink of a row and the lowest of the one above.
    """
    scale = generator.uniform(*SCALES)
    lengths = generator.integers(1, 6, count).tolist()
    rows = [write_row(generator, digits, length, scale=scale, heights=(0.75, 1.1)) for length in lengths]
    starts = generator.integers(0, round(BOX * scale), count).tolist()
    distance = round(BOX * scale * generator.uniform(*gap))
    height = sum(len(ink) + abs(distance) for ink, _ in rows)
    page = np.zeros((height, max(ink.shape[1] for ink, _ in rows) + max(starts)))
    top = 0
    for start, (ink, _) in zip(starts, rows, strict=True):
        part = page[top : top + len(ink), start : start + ink.shape[1]]
        np.maximum(part, ink, out=part)
        top += len(ink) + distance
    page = ndimage.rotate(page[: top - min(distance, 0)], generator.uniform(-4, 4), order=1)
    return expose(generator, add_margin(generator, page)), "".join(text for _, text in rows)


def tilted(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Turn a row of three to six digits by 8 to 15 degrees."""
    ink, text = write_row(generator, digits, int(generator.integers(3, 7)))
    angle = generator.choice([-1, 1]) * generator.uniform(8, 15)
    return expose(generator, add_margin(generator, np.clip(ndimage.rotate(ink, angle, order=1), 0, 1))), text


def far_away(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write a small number somewhere on a large sheet."""
    ink, text = write_row(generator, digits, int(generator.integers(1, 6)), scale=generator.uniform(1.2, 2))
    return expose(generator, add_margin(generator, ink, 100, 500)), text


def row(
    generator: Generator, digits: Digits, count: int | None, gap: tuple[float, float] = APART, by_ink: bool = False
) -> tuple[Levels, str]:
    """Write a row of `count` digits; None: 1 to 12."""
    ink, text = write_row(generator, digits, count or int(generator.integers(1, 13)), gap, by_ink)
    return expose(generator, add_margin(generator, ink)), text


KINDS: dict[str, Draw] = {
    "one to five digits on plain paper": plain,
    "tight crops, ink at one to three edges": tight,
    "tight crops, ink at all edges": partial(tight, edges=4),
    "a digit in a box, grey": partial(boxed, in_ink=False),
    "a digit in a box, of the ink's colour": partial(boxed, in_ink=True),
    "rows of boxes": form,
    "combs": comb,
    "a line below": baseline,
    "ruled paper, grey": partial(lined, squared=False, in_ink=False, count=None),
    "ruled paper, of the ink's colour": partial(lined, squared=False, in_ink=True, count=None),
    "squared paper, grey: one digit": partial(lined, squared=True, in_ink=False),
    "squared paper, grey: a row": partial(lined, squared=True, in_ink=False, count=None),
    "squared paper, of the ink's colour: one digit": partial(lined, squared=True, in_ink=True),
    "squared paper, of the ink's colour: a row": partial(lined, squared=True, in_ink=True, count=None),
    "ink 16 to 24 grey levels darker than the paper": low_contrast,
    "12 bits in a 16-bit file": twelve_bits,
    "two rows": partial(several_rows, count=2),
    "two rows, almost touching": partial(several_rows, count=2, gap=(-0.1, 0.1)),
    "three rows": partial(several_rows, count=3),
    "a row tilted by 8 to 15 degrees": tilted,
    "a table of four to nine numbers": filled_table,
    "a small number on a large sheet": far_away,
    "a printed form, partly filled in": filled_form,
    "a postcode on an envelope": envelope,
    "hard shadow": shadow,
    "two lights": two_lights,
    "yellowed paper": yellowed,
    "strong vignette": vignette,
    "a fold": fold,
    "a row of 1 to 12 digits, apart": partial(row, count=None),
    **{
        f"{name} digits whose {relation}": partial(row, count=count, gap=(gap, gap), by_ink=by_ink)
        for relation, gap, by_ink in (
            ("boxes touch", 0, False),
            ("ink touches", 0, True),
            ("boxes overlap by two of MNIST's pixels", -2, False),
            ("ink overlaps by two of MNIST's pixels", -2, True),
        )
        for name, count in (("three", 3), ("six", 6))
    },
}


def draw_picture(kind: str, number: int, digits: Digits, part: str) -> tuple[io.BytesIO, str]:
    """Return picture `number` of a kind as a file, with its truth."""
    generator = np.random.default_rng((zlib.crc32(f"{part} {kind}".encode()), number))
    levels, truth = KINDS[kind](generator, digits)
    return as_file(levels, generator), truth
