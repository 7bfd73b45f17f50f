"""Draw kinds of pictures that people have: forms, photographs, rows. Picture n of a kind is always the same."""

import io
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from tests.benchmarks.paper import (
    Levels,
    as_file,
    choose_edge,
    draw_box,
    draw_grid,
    draw_line,
    expose,
    list_coordinates,
    to_bytes,
    wear,
)
from tests.benchmarks.writing import (
    APART,
    BOX,
    SCALES,
    Digits,
    Generator,
    Layer,
    add_margin,
    write_digit,
    write_number,
    write_row,
)

Draw = Callable[[Generator, Digits], tuple[Levels, str]]


def write_with_margin(generator: Generator, digits: Digits, *margin: int) -> tuple[Layer, str]:
    ink, text = write_number(generator, digits)
    return add_margin(generator, ink, *margin), text


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


def boxed(generator: Generator, digits: Digits, in_ink: bool) -> tuple[Levels, str]:
    """Print a box around one digit, at the same distance on all four sides or at different ones."""
    ink, text = write_digit(generator, digits, generator.uniform(30, 150) / BOX)
    width, gap = int(generator.integers(1, 9)), int(generator.integers(41))
    gaps = np.full(4, gap) if generator.random() < 0.5 else generator.integers(gap, 41, 4)
    outside = width + generator.integers(4, 41, 4)
    before, after = gaps[:2] + outside[:2], gaps[2:] + outside[2:]
    ink = np.pad(ink, ((before[1], after[1]), (before[0], after[0])))
    box = (*outside[:2].tolist(), ink.shape[1] - int(outside[2]), ink.shape[0] - int(outside[3]))
    printed = np.zeros(ink.shape)
    draw_box(generator, printed, box, width)
    return expose(generator, ink, wear(generator, printed), in_ink), text


def write_cells(generator: Generator, digits: Digits, padding: int) -> tuple[Layer, str, tuple[float, float], int]:
    """Write a digit in the middle of each of some cells: ink, text, size (width, height) of a cell, number of cells.

    padding: least distance in pixels of a digit from the edge of its cell. The last cells may be empty.
    """
    scale = generator.uniform(*SCALES)
    count = generator.integers(2, 9)
    written = [write_digit(generator, digits, scale * generator.uniform(0.9, 1.1)) for _ in range(count)]
    height, width = (max(ink.shape[axis] for ink, _ in written) + 2 * padding for axis in (0, 1))
    cells = [np.zeros((height, width)) for _ in range(len(written) + int(generator.choice([0, 0, 1, 2])))]
    for cell, (ink, _) in zip(cells, written, strict=False):
        spare = [side - inner - 2 * padding for side, inner in zip(cell.shape, ink.shape, strict=True)]
        top, left = (padding + int(generator.integers(free // 4, free - free // 4 + 1)) for free in spare)
        cell[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return np.concatenate(cells, axis=1), "".join(name for _, name in written), (width, height), len(cells)


def form(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Fill in a row of boxes, one digit in each; the boxes share their sides or are apart."""
    padding, width = int(generator.integers(3, 20)), int(generator.integers(1, 6))
    ink, text, (across, down), count = write_cells(generator, digits, padding)
    apart = int(generator.integers(min(padding - 2, 8))) if generator.random() < 0.5 else 0
    margin = 2 * width + int(generator.integers(8, 40))
    ink = np.pad(ink, margin)
    printed = np.zeros(ink.shape)
    for cell in range(count):
        left = margin + cell * across
        draw_box(generator, printed, (left + apart, margin, left + across - apart, margin + down), width)
    return expose(generator, ink, wear(generator, printed), bool(generator.random() < 0.5)), text


def comb(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write on a line with ticks upwards between the digits; some digits touch or cross the line."""
    ink, text, (across, down), count = write_cells(generator, digits, int(generator.integers(3, 14)))
    margin, width = 20 + int(generator.integers(30)), generator.uniform(1, 4)
    ink = np.pad(ink, margin)
    base = margin + down - generator.uniform(-3, 0.15) * (down / 10)
    printed = np.zeros(ink.shape)
    draw_line(printed, (margin, base), (margin + count * across, base), width)
    tick = down * generator.uniform(0.15, 0.6)
    for cell in range(count + 1):
        draw_line(printed, (margin + cell * across, base), (margin + cell * across, base - tick), width)
    return expose(generator, ink, wear(generator, printed), bool(generator.random() < 0.5)), text


def baseline(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write above a line, or on it; some digits cross it by up to 3 pixels."""
    ink, text = write_row(generator, digits, int(generator.integers(1, 7)))
    bottom, side = len(ink), int(generator.integers(5, 60))
    ink = np.pad(ink, ((20, 60), (side + 20, side + 20)))
    height = 20 + bottom + generator.uniform(-3, 20)
    printed = np.zeros(ink.shape)
    ends = generator.uniform(0, side + 20, 2)
    slope = generator.uniform(-0.01, 0.01) * ink.shape[1] / 2
    draw_line(printed, (ends[0], height - slope), (ink.shape[1] - ends[1], height + slope), generator.uniform(1, 5))
    return expose(generator, ink, wear(generator, printed), bool(generator.random() < 0.5)), text


def lined(
    generator: Generator, digits: Digits, squared: bool, in_ink: bool, count: int | None = 1
) -> tuple[Levels, str]:
    """Write on ruled or squared paper. count: None for two to five digits."""
    scale = generator.uniform(*SCALES)
    ink, text = write_row(generator, digits, count or int(generator.integers(2, 6)), scale=scale)
    ink = add_margin(generator, ink, 30, 120)
    spacing = BOX * scale * generator.uniform(1 / 3 if squared else 0.6, 1.5)
    angle = generator.uniform(-2, 2)
    grid = draw_grid(generator, ink.shape, spacing, generator.uniform(1, 3), angle, squared)
    return expose(generator, ink, wear(generator, grid), in_ink), text


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


def filled_table(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Fill in a table of two or three rows and columns with numbers of one to three digits."""
    scale, rows, columns = generator.uniform(*SCALES), int(generator.integers(2, 4)), int(generator.integers(2, 4))
    down, across = round(BOX * scale * generator.uniform(1.5, 2.2)), round(BOX * scale * generator.uniform(3.8, 5))
    page, text = np.zeros((rows * down, columns * across)), ""
    for row, column in np.ndindex(rows, columns):
        ink, name = write_row(generator, digits, int(generator.integers(1, 4)), (1, 4), scale=scale)
        ink = ink[: down - 2, : across - 2]
        top, left = ((side - inner) // 2 for side, inner in zip((down, across), ink.shape, strict=True))
        part = page[row * down + top :, column * across + left :]
        part[: ink.shape[0], : ink.shape[1]] = ink
        text += name
    page, margin = np.pad(page, 30), 30
    printed = np.zeros(page.shape)
    width = generator.uniform(1, 3)
    for y in range(rows + 1):
        draw_line(printed, (margin, margin + y * down), (margin + columns * across, margin + y * down), width)
    for x in range(columns + 1):
        draw_line(printed, (margin + x * across, margin), (margin + x * across, margin + rows * down), width)
    return expose(generator, page, wear(generator, printed), bool(generator.random() < 0.5)), text


def far_away(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write a small number somewhere on a large sheet."""
    ink, text = write_row(generator, digits, int(generator.integers(1, 6)), scale=generator.uniform(1.2, 2))
    return expose(generator, add_margin(generator, ink, 100, 500)), text


def shadow(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Cast a hard shadow on half of the ink, or on all but a strip, that leaves 40% to 75% of the light."""
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


def row(
    generator: Generator, digits: Digits, count: int | None, gap: tuple[float, float] = APART, by_ink: bool = False
) -> tuple[Levels, str]:
    """Write a row of `count` digits; None: 1 to 12."""
    ink, text = write_row(generator, digits, count or int(generator.integers(1, 13)), gap, by_ink)
    return expose(generator, add_margin(generator, ink)), text


def write_print(generator: Generator, page: Layer, corner: tuple[int, int], size: int, words: int) -> None:
    """Print words without digits on a page, from the corner (left, top)."""
    text = " ".join(
        "".join(generator.choice(list("aceghknmrtuvwxy"), generator.integers(2, 9)).tolist()) for _ in range(words)
    )
    image = Image.new("L", page.shape[::-1])
    ImageDraw.Draw(image).text(corner, text.capitalize(), 255, ImageFont.load_default(size))
    np.maximum(page, np.asarray(image) / 255, out=page)


def filled_form(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Fill in some boxes of a printed page: one to three fields with a title, of six to ten boxes each."""
    scale, fields = generator.uniform(1, 1.6), int(generator.integers(1, 4))
    side = round(BOX * scale * generator.uniform(1.25, 1.8))
    height, width = (3 * fields + 4) * side, 13 * side
    page, printed, text = np.zeros((height, width)), np.zeros((height, width)), ""
    write_print(generator, printed, (side, side // 2), side // 2 + 6, 3)
    for field in range(fields):
        top, left, boxes = (
            (3 * field + 3) * side,
            side + int(generator.integers(0, side)),
            int(generator.integers(6, 11)),
        )
        write_print(generator, printed, (left, top - side // 2 - 4), max(9, side // 3), 2)
        for box in range(boxes):
            draw_box(generator, printed, (left + box * side, top, left + (box + 1) * side, top + side), 1)
        for box in range(int(generator.integers(1 if field else 3, boxes + 1))):
            ink, name = write_digit(generator, digits, scale * generator.uniform(0.85, 1))
            y, x = top + (side - ink.shape[0]) // 2, left + box * side + (side - ink.shape[1]) // 2
            part = page[y : y + ink.shape[0], x : x + ink.shape[1]]
            np.maximum(part, ink, out=part)
            text += name
    return expose(generator, page, wear(generator, printed), bool(generator.random() < 0.5)), text


def envelope(generator: Generator, digits: Digits) -> tuple[Levels, str]:
    """Write a postcode on an envelope with a printed address, a stamp and a frame of lines below the digits."""
    ink, text = write_row(generator, digits, int(generator.integers(4, 7)), scale=generator.uniform(1, 1.6))
    height, width = 10 * len(ink), max(14 * len(ink), 2 * ink.shape[1])
    page, printed = np.zeros((height, width)), np.zeros((height, width))
    size = round(len(ink) * generator.uniform(0.4, 0.7))
    for line in range(int(generator.integers(2, 5))):
        write_print(generator, printed, (width // 2, height // 2 + round(1.5 * line * size)), size, 2)
    draw_box(generator, printed, (width - 5 * len(ink), len(ink), width - len(ink), 4 * len(ink)), 2)
    top, left = height - 2 * len(ink) - int(generator.integers(len(ink))), int(generator.integers(len(ink), width // 3))
    page[top : top + len(ink), left : left + ink.shape[1]] = ink
    return expose(generator, page, wear(generator, printed), bool(generator.random() < 0.5)), text


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
