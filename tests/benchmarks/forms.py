"""Numbers on printed paper: in boxes, combs and tables, on lines, beside printed words."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks.paper import Levels, draw_box, draw_grid, draw_line, expose, wear
from tests.benchmarks.writing import BOX, SCALES, Digits, Generator, Layer, add_margin, write_digit, write_row


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
