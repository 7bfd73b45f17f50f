"""Pages of a ledger, printed and filled in at random, turned and shifted as by a scanner."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 1240, 877  # pixels: height, width
COLUMNS = 60, 210, 500, 670, 820
TOP, PITCH, ROWS = 180, 37, 26


@dataclass(frozen=True)
class Move:
    """How a scanner moves a page about its centre: by an angle in degrees, a scale, and pixels down and right."""

    angle: float = 0
    scale: float = 1
    down: float = 0
    right: float = 0


def draw_ledger(seed: int, printed: bool = True, written: bool = True) -> Image.Image:
    """Return a page of a ledger, upright; other seeds write other numbers into it."""
    generator = np.random.default_rng(seed)
    page = Image.new("L", SIZE[::-1], 240)
    draw = ImageDraw.Draw(page)
    if printed:
        draw.text((70, 60), "LEDGER of the mill", 60, ImageFont.load_default(30))
        for i in range(ROWS + 1):
            draw.line((COLUMNS[0], TOP + PITCH * i, COLUMNS[-1], TOP + PITCH * i), 150, 2)
        for x in COLUMNS:
            draw.line((x, TOP - 35, x, TOP + PITCH * ROWS), 120, 2)
        for x, title in zip(COLUMNS, ("Day", "Item", "Pieces", "Amount"), strict=False):
            draw.text((x + 12, TOP - 30), title, 50, ImageFont.load_default(16))
    for i in range(ROWS * written):
        for x in COLUMNS[:-1]:
            if generator.random() < 0.6:
                text = str(generator.integers(1, 10_000))
                left, top = x + int(generator.integers(5, 30)), TOP + PITCH * i + int(generator.integers(0, 6))
                draw.text((left, top), text, 30, ImageFont.load_default(int(generator.integers(22, 30))))
    return page


def move_page(page: Image.Image, move: Move) -> Image.Image:
    """Return the page as a scanner sees it."""
    (down, right), turn = find_place(move)
    inverse = 1 / turn
    corner = -complex(down, right) * inverse
    # Pillow maps (x, y) of the result to those of the page.
    matrix = inverse.real, inverse.imag, corner.imag, -inverse.imag, inverse.real, corner.real
    return page.transform(page.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=240)


def find_place(move: Move) -> tuple[tuple[float, float], complex]:
    """Return where the corner of the page lies, y and x, and by what y + ix from it are multiplied."""
    turn = move.scale * complex(np.exp(1j * np.radians(move.angle)))
    middle = complex(SIZE[0] / 2, SIZE[1] / 2)
    corner = middle + complex(move.down, move.right) - turn * middle
    return (corner.real, corner.imag), turn
