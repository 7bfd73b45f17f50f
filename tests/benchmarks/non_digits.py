"""Measure how often digits are read in pictures of other things, and how often genuine digits are refused.

    python -m tests.benchmarks.non_digits [--count 50] [--errors FOLDER]

Letters that look like digits are left out. Needs artifacts/parse in the current folder, the fonts that `fonts` lists,
and those of fonts-dejavu and fonts-liberation. (The negative class is trained on other fonts.)
"""

import argparse
import string
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from pipeline.reader import PRETRAINED, Reader, load
from tests.benchmarks.comparison import SURE
from tests.benchmarks.fonts import ANGLES, FONTS, SIZES, render
from tests.benchmarks.markdown import table
from tests.benchmarks.paper import Levels, as_file, draw_grid, expose, to_bytes
from tests.benchmarks.writing import Generator, Layer, add_margin, load_digits

PRINTED = (
    "truetype/dejavu/DejaVuSans.ttf",
    "truetype/dejavu/DejaVuSans-Bold.ttf",
    "truetype/dejavu/DejaVuSerif.ttf",
    "truetype/dejavu/DejaVuSansMono.ttf",
    "truetype/liberation/LiberationSans-Regular.ttf",
    "truetype/liberation/LiberationSans-Italic.ttf",
    "truetype/liberation/LiberationSerif-Regular.ttf",
    "truetype/liberation/LiberationSerif-BoldItalic.ttf",
)
LETTERS = "".join(sorted(set(string.ascii_letters) - set("OoIlSsZzBqgb")))
WORDS = (
    *("about", "after", "again", "because", "between", "could", "different", "every", "first", "found", "great"),
    *("house", "large", "learn", "letter", "little", "might", "never", "number", "often", "other", "people", "place"),
    *("right", "school", "should", "small", "sound", "still", "study", "their", "thing", "think", "through", "under"),
    *("until", "water", "where", "which", "while", "world", "would", "write", "year"),
)
SUPERSAMPLING = 4  # pixels drawn along each side of a pixel of the picture

Point = tuple[float, float]
Draw = Callable[[Generator], Levels]


def draw_strokes(generator: Generator, strokes: Iterable[Iterable[Point]], wobble: float = 0.012) -> Layer:
    """Draw polylines, points in the unit square, with a pen, 60 to 200 pixels a side.

    wobble: standard deviation of the points, as a fraction of the side.
    """
    side = SUPERSAMPLING * int(generator.integers(60, 201))
    width = round(side * generator.uniform(0.03, 0.12))
    page = Image.new("L", (2 * side, 2 * side))
    draw = ImageDraw.Draw(page)
    for stroke in strokes:
        points = side * (0.5 + np.array(list(stroke)))
        places = [tuple(point) for point in (points + generator.normal(0, wobble * side, points.shape)).tolist()]
        draw.line(places, 255, width, "curve")
        for x, y in (places[0], places[-1]):  # round ends
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 255)
    return np.asarray(page.crop(page.getbbox()).reduce(SUPERSAMPLING), float) / 255


def turn(points: Iterable[Point], angle: float) -> list[Point]:
    """Rotate points around the centre of the unit square by an angle in degrees."""
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return [(0.5 + cos * (x - 0.5) - sin * (y - 0.5), 0.5 + sin * (x - 0.5) + cos * (y - 0.5)) for x, y in points]


def polygon(corners: int, radius: float = 0.5, step: int = 1) -> list[Point]:
    """Return a closed regular polygon, or with step > 1 a star; its first corner is at the top."""
    angles = -np.pi / 2 + 2 * np.pi * step * np.arange(corners + 1) / corners
    return [(0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)) for angle in angles]


def circle(x: float, y: float, radius: float, start: float = 0, end: float = 360) -> list[Point]:
    """Return an arc; angles in degrees, 0 is right and 90 down."""
    angles = np.deg2rad(np.linspace(start, end, 30))
    return [(x + radius * np.cos(angle), y + radius * np.sin(angle)) for angle in angles]


def sketch(
    generator: Generator, strokes: Iterable[Iterable[Point]], angle: float | None = None, wobble: float = 0.012
) -> Levels:
    """Draw strokes with a pen on paper, all turned by an angle in degrees."""
    turned = strokes if angle is None else [turn(stroke, angle) for stroke in strokes]
    return on_paper(generator, draw_strokes(generator, turned, wobble))


def on_paper(generator: Generator, ink: Layer) -> Levels:
    return expose(generator, add_margin(generator, ink))


def letter(generator: Generator, faces: Iterable[str], fonts: Path) -> Levels:
    face = fonts / str(generator.choice(list(faces)))
    name = str(generator.choice(list(LETTERS)))
    page = 1 - render(face, name, int(generator.integers(40, 201)), generator.uniform(-10, 10))
    return expose(generator, page)


def cross(generator: Generator) -> Levels:
    """Draw a cross, a plus or an asterisk."""
    arms = int(generator.choice([2, 2, 2, 3, 4]))
    start = generator.choice([0, 45]) + generator.normal(0, 8)
    lines = [turn([(0.5, 0), (0.5, 1)], start + 180 * arm / arms) for arm in range(arms)]
    return sketch(generator, lines)


def square(generator: Generator) -> Levels:
    """Draw a square or a rectangle, a third of them with a diagonal, a cross or another one inside."""
    flat = generator.uniform(0.5, 1)
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, flat), (0.0, flat), (0.0, 0.0)]
    strokes = [corners]
    inside = generator.random()
    if inside < 0.1:
        strokes.append([corners[0], corners[2]])
    elif inside < 0.2:
        strokes += [[(0.5, 0.0), (0.5, flat)], [(0.0, flat / 2), (1.0, flat / 2)]]
    elif inside < 0.3:
        strokes.append([(0.25 + x / 2, flat / 4 + y / 2) for x, y in corners])
    angle = generator.choice([0, 90, 45]) + generator.normal(0, 4)
    return sketch(generator, strokes, angle)


def star(generator: Generator) -> Levels:
    """Draw a pentagram, a hexagram or the outline of a star."""
    if generator.random() < 0.4:
        tips = int(generator.integers(5, 8))
        inner = turn(polygon(tips, generator.uniform(0.18, 0.3)), 180 / tips)
        outline = [point for pair in zip(polygon(tips), inner, strict=True) for point in pair][:-1]
        strokes = [outline]
    else:
        strokes = [polygon(5, step=2)] if generator.random() < 0.7 else [polygon(3), turn(polygon(3), 180)]
    angle = generator.normal(0, 6)
    return sketch(generator, strokes, angle)


def triangle(generator: Generator) -> Levels:
    """Draw a triangle, or an arrow to a random side."""
    if generator.random() < 0.5:
        return sketch(generator, [polygon(3)], generator.choice([0, 180, 90]))
    head = generator.uniform(0.2, 0.35)
    strokes = [[(0.0, 0.5), (1.0, 0.5)], [(1 - head, 0.5 - head), (1.0, 0.5), (1 - head, 0.5 + head)]]
    angle = generator.choice([0, 45, 135, 180, 225, 315]) + generator.normal(0, 4)
    return sketch(generator, strokes, angle)


def scribble(generator: Generator) -> Levels:
    """Draw a smooth random line that crosses itself, or a zigzag."""
    if generator.random() < 0.3:
        count = int(generator.integers(6, 14))
        points = [(i / count, float(i % 2) * generator.uniform(0.6, 1)) for i in range(count + 1)]
        return sketch(generator, [points], generator.uniform(0, 180))
    steps = ndimage.gaussian_filter1d(generator.normal(size=(int(generator.integers(200, 400)), 2)), 8, axis=0)
    path = np.cumsum(steps, axis=0)
    path = (path - path.min(axis=0)) / np.ptp(path, axis=0).max()
    return sketch(generator, [[(x, y) for x, y in path.tolist()]], wobble=0)


def empty(generator: Generator) -> Levels:
    """Take a picture of paper alone: plain, with noise, or in uneven light."""
    shape = tuple(generator.integers(60, 400, 2).tolist())
    y, x = (np.linspace(-1, 1, side) for side in shape)
    depth = generator.uniform(0, 0.3)
    light = 1 - depth * (1 + x * generator.uniform(-1, 1) + y[:, np.newaxis] * generator.uniform(-1, 1)) / 2
    return expose(generator, np.zeros(shape), light=1.0 if generator.random() < 0.3 else np.clip(light, 0, 1))


def texture(generator: Generator) -> Levels:
    """Take a picture of cloth, wood, stone, tiles or stripes."""
    shape = tuple(generator.integers(80, 400, 2).tolist())
    kind = generator.integers(5)
    noise = generator.normal(size=shape)
    if kind == 0:  # stone
        pattern = ndimage.gaussian_filter(noise, generator.uniform(1, 6))
    elif kind == 1:  # wood
        pattern = ndimage.gaussian_filter(noise, (generator.uniform(10, 40), generator.uniform(1, 3)))
    else:  # cloth, tiles, stripes: spacing, width of the lines, largest angle, share of the noise
        spacing, width, angle, share = (((4, 10), 2, 20, 5), ((20, 60), 3, 20, 20), ((8, 40), 0, 90, 20))[kind - 2]
        apart, turned = generator.uniform(*spacing), generator.uniform(-angle, angle)
        pattern = noise / share - draw_grid(generator, shape, apart, width or apart / 2, turned, squared=kind != 4)
    pattern = (pattern - pattern.mean()) / pattern.std()
    return to_bytes(generator.uniform(90, 180) + generator.uniform(10, 45) * pattern)


def screenshot(generator: Generator, fonts: Path) -> Levels:
    """Type three to ten lines of words; a third of the pictures are light on dark."""
    face = ImageFont.truetype(str(fonts / str(generator.choice(PRINTED))), int(generator.integers(11, 25)))
    lines = [" ".join(generator.choice(WORDS, int(generator.integers(3, 9)))) for _ in range(generator.integers(3, 11))]
    text = "\n".join(line.capitalize() for line in lines)
    page = Image.new("L", (1000, 600), 255)
    draw = ImageDraw.Draw(page)
    margin = int(generator.integers(5, 30))
    draw.text((margin, margin), text, int(generator.integers(0, 80)), face)
    _, _, right, bottom = draw.textbbox((margin, margin), text, face)
    levels = np.asarray(page.crop((0, 0, int(right) + margin, int(bottom) + margin)))
    return 255 - levels if generator.random() < 0.3 else levels


def smiley(generator: Generator) -> Levels:
    eyes = [[(x, 0.35), (x, 0.35 + generator.uniform(0, 0.12))] for x in (0.33, 0.67)]
    mouth = circle(0.5, 0.5, 0.28, 20, 160)
    if generator.random() < 0.3:  # a sad one
        mouth = circle(0.5, 0.9, 0.28, 220, 320)
    return sketch(generator, [circle(0.5, 0.5, 0.5), *eyes, mouth], wobble=0.006)


def hatching(generator: Generator) -> Levels:
    count = int(generator.integers(4, 10))
    angle = generator.uniform(0, 180)
    lines = [turn([(i / (count - 1), 0), (i / (count - 1), 1)], angle) for i in range(count)]
    if generator.random() < 0.5:
        lines += [turn(line, 90) for line in lines]
    return sketch(generator, lines, wobble=0.02)


def blot(generator: Generator) -> Levels:
    """Spill ink: one to four blots with uneven edges."""
    side = int(generator.integers(60, 201))
    y, x = np.mgrid[:side, :side] / side
    uneven = ndimage.gaussian_filter(generator.normal(size=(side, side)), side / 15)
    height = np.full((side, side), -1.0)
    for _ in range(generator.integers(1, 5)):
        centre, radius = generator.uniform(0.3, 0.7, 2), generator.uniform(0.06, 0.2)
        height = np.maximum(height, radius - np.hypot(x - centre[0], y - centre[1]))
    return on_paper(generator, np.clip((height + 0.04 * uneven / uneven.std()) * side / 2, 0, 1))


def heart(generator: Generator) -> Levels:
    t = np.linspace(0, 2 * np.pi, 40)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return sketch(generator, [list(zip(0.5 + x / 2, 0.5 + y / 2, strict=True))], generator.normal(0, 8), 0.006)


def house(generator: Generator) -> Levels:
    roof = generator.uniform(0.25, 0.5)
    walls = [(0.1, roof), (0.1, 1.0), (0.9, 1.0), (0.9, roof)]
    door = [(0.4, 1.0), (0.4, 0.65), (0.6, 0.65), (0.6, 1.0)]
    return sketch(generator, [walls, [(0.0, roof + 0.04), (0.5, 0.0), (1.0, roof + 0.04)], door])


def question_mark(generator: Generator) -> Levels:
    bow = [*circle(0.5, 0.25, 0.25, 190, 420), (0.5, 0.55), (0.5, 0.72)]
    return sketch(generator, [bow, [(0.5, 0.95), (0.5, 0.97)]], generator.normal(0, 6))


def exclamation_mark(generator: Generator) -> Levels:
    count = int(generator.integers(1, 4))
    strokes = [[(0.3 * i, 0.0), (0.3 * i, 0.7)] for i in range(count)]
    return sketch(generator, [*strokes, *([(0.3 * i, 0.93), (0.3 * i, 0.96)] for i in range(count))])


def check_mark(generator: Generator) -> Levels:
    return sketch(generator, [[(0.0, generator.uniform(0.4, 0.65)), (0.3, 1.0), (1.0, 0.0)]])


def signature(generator: Generator) -> Levels:
    """Draw a wave of uneven loops and a flourish."""
    t = np.linspace(0, generator.uniform(20, 45), 250)
    heights = np.interp(t, np.linspace(0, t[-1], 12), generator.uniform(0.05, 0.4, 12))
    x = t / t[-1] * generator.uniform(1.5, 2.6) + 0.06 * np.cos(t)
    wave = list(zip(x, 0.5 + heights * np.sin(t), strict=True))
    return sketch(generator, [wave, [(0.0, 0.95), (float(x[-1]), generator.uniform(0.6, 1.0))]], wobble=0.002)


def barcode(generator: Generator) -> Levels:
    widths = generator.integers(1, 5, int(generator.integers(40, 90))) * int(generator.integers(1, 3))
    bars = np.repeat(np.arange(len(widths)) % 2, widths)
    return on_paper(generator, np.tile(bars, (int(generator.integers(30, 120)), 1)).astype(float))


def list_kinds(fonts: Path) -> dict[str, Draw]:
    return {
        "letters, handwriting": partial(letter, faces=FONTS.values(), fonts=fonts),
        "letters, print": partial(letter, faces=PRINTED, fonts=fonts),
        "crosses": cross,
        "squares": square,
        "stars": star,
        "triangles, arrows": triangle,
        "scribbles": scribble,
        "empty": empty,
        "textures": texture,
        "screenshots of text": partial(screenshot, fonts=fonts),
        "smileys": smiley,
        "hatching": hatching,
        "blots": blot,
        "hearts": heart,
        "houses": house,
        "question marks": question_mark,
        "exclamation marks": exclamation_mark,
        "check marks": check_mark,
        "signatures": signature,
        "barcodes": barcode,
    }


def measure_kind(
    reader: Reader, kind: str, draw: Draw, count: int, errors: Path | None
) -> tuple[int, int, Counter[str]]:
    """Return in how many of `count` pictures digits are read, in how many confidently, and what is read."""
    read_as: Counter[str] = Counter()
    sure = 0
    for number in range(count):
        generator = np.random.default_rng((zlib.crc32(kind.encode()), number))
        levels = draw(generator)
        result = reader.read(as_file(levels, generator))
        if result.text:
            read_as[result.text] += 1
            sure += result.confidence > SURE
            if errors:
                name = f"{kind} {number} as {result.text[:20]} {result.confidence:.2f}.png"
                Image.fromarray(levels).save(errors / name)
    return read_as.total(), sure, read_as


def count_refused(reader: Reader, pictures: Iterator[Levels]) -> str:
    generator = np.random.default_rng(1)
    refused = [not reader.read(as_file(levels, generator)).text for levels in pictures]
    return f"{np.mean(refused):.2%} of {len(refused):,}"


def list_test_images() -> Iterator[Levels]:
    """Yield the test images, four times as large, dark on light."""
    for image in load_digits("test").images:
        yield 255 - np.asarray(Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC))


def list_font_digits(fonts: Path) -> Iterator[Levels]:
    for path in FONTS.values():
        for size in SIZES:
            for angle in ANGLES:
                for digit in string.digits:
                    yield to_bytes(255 * render(fonts / path, digit, size, angle))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50, help="pictures of each kind")
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    parser.add_argument("--errors", type=Path, help="folder for the pictures in which digits are read")
    given = parser.parse_args()
    if given.errors:
        given.errors.mkdir(parents=True, exist_ok=True)
    reader, rows = load(PRETRAINED), []
    claimed, sure, kinds = 0, 0, list_kinds(given.fonts)
    for kind, draw in kinds.items():
        of_kind = measure_kind(reader, kind, draw, given.count, given.errors)
        claimed, sure = claimed + of_kind[0], sure + of_kind[1]
        most = ", ".join(f"{digits} ({times})" for digits, times in of_kind[2].most_common(3) if len(digits) < 5)
        rows.append([kind, *(f"{value / given.count:.1%}" for value in of_kind[:2]), most])
    total = given.count * len(kinds)
    rows.append(["all", f"{claimed / total:.1%}", f"{sure / total:.1%}", ""])
    print(table(["pictures without digits", "digit claimed", f"confidence above {SURE:.0%}", "most often"], rows))
    print(
        f"\n{given.count} pictures of each kind, {total:,} in all, read by the pretrained model. It finds no digit in"
    )
    print(f"{count_refused(reader, list_test_images())} test images and in")
    print(f"{count_refused(reader, list_font_digits(given.fonts))} digits of handwriting fonts on white paper.")


if __name__ == "__main__":
    main()
