"""Measure the accuracy of the drawing demo on digits, numbers, non-digits and test images, by mouse, touch and pen.

    python -m tests.benchmarks.page

Needs a browser, and artifacts/ with all stages run. The drawings are deterministic.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from pipeline.model.prediction import predict, predict_with_negative
from pipeline.reader import load
from tests.benchmarks.markdown import table
from tests.browser import PHONE, open_browser, open_page
from tests.pipeline.pages.handwriting import draw_non_digits, write_digits, write_number
from tests.pipeline.pages.input import (
    Draw,
    clear,
    draw_with_finger,
    draw_with_mouse,
    draw_with_pen,
    prediction,
    time_images,
)
from tests.pipeline.pages.strokes import DIGITS, Strokes, place

ARTIFACTS = Path("artifacts")
SIZES = (0.3, 0.5, 0.8)
NUMBERS = 40  # of two to five digits
COMPARED = 1000

Drawing = tuple[str, str, Strokes]  # name, expected prediction, strokes
DEVICES: tuple[tuple[str, Draw, dict[str, Any]], ...] = (
    ("mouse", draw_with_mouse, {}),
    ("touch", draw_with_finger, PHONE),
    ("pen", draw_with_pen, {}),
)

# The probability that the page states for the drawing: 0 if it rejects a part of it.
PROBABILITY = """() => readAll(model, drawing.strokes, true).readings.reduce(
    (product, {probabilities, digit}) => product * (digit === null ? 0 : probabilities[digit]), 1)"""


def corners() -> Iterator[Drawing]:
    """Yield ten digits in three sizes in the four corners of the canvas."""
    for digit, size, right, low in itertools.product(DIGITS, SIZES, (False, True), (False, True)):
        margin = 0.04
        rest = 1 - size - margin
        yield str(digit), str(digit), place(DIGITS[digit], rest if right else margin, rest if low else margin, size)


def numbers() -> Iterator[Drawing]:
    """Yield numbers of two to five random digits, in random styles, distorted."""
    generator = np.random.default_rng(2)
    for number in range(NUMBERS):
        digits = "".join(map(str, generator.integers(0, 10, 2 + number % 4)))
        yield digits, digits, write_number(digits, generator)


def try_drawings(title: str, pages: Sequence[tuple[str, Draw, Page]], drawings: Iterable[Drawing]) -> list[list[str]]:
    """Draw each on an empty canvas, by the next device; return for each device how many are correct, and the errors."""
    total, errors = Counter[str](), dict[str, list[str]]()
    for (name, expected, strokes), (device, draw, page) in zip(drawings, itertools.cycle(pages), strict=False):
        clear(page)
        draw(page, strokes)
        found = prediction(page)
        total[device] += 1
        if found != expected:
            read = f"as {found} ({page.evaluate(PROBABILITY):.0%})" if found else "rejected"
            errors.setdefault(device, []).append(f"{name} {read}")
    rows = []
    for device, count in total.items():
        wrong = errors.get(device, [])
        most = (f"{error} ({times} times)" if times > 1 else error for error, times in Counter(wrong).items())
        rows.append([title, device, str(count), str(count - len(wrong)), ", ".join(most)])
    return rows


def main() -> None:
    file = (ARTIFACTS / "export" / "index.html").resolve()
    images = np.array(np.load(ARTIFACTS / "parse" / "test-images.npy"))
    labels = np.load(ARTIFACTS / "parse" / "test-labels.npy")
    model = load(ARTIFACTS / "train").model
    with open_browser() as browser:
        with ExitStack() as stack:
            pages = [
                (name, draw, stack.enter_context(open_page(browser, file, **options)))
                for name, draw, options in DEVICES
            ]
            in_turn = [("in turn", draw, page) for _, draw, page in pages]
            styles = ((f"{digit} ({style})", str(digit), strokes) for digit, style, strokes in write_digits())
            others = ((kind, "", strokes) for kind, strokes in draw_non_digits())
            rows = try_drawings("digits in ten styles", pages, styles)
            rows += try_drawings("drawings of twenty other kinds, rejected", in_turn, others)
            for device in pages[:2]:
                rows += try_drawings("digits in three sizes in the corners", [device], corners())
                rows += try_drawings("numbers of two to five digits", [device], numbers())
        with open_page(browser, file) as page:
            found, milliseconds = time_images(page, images)
    accuracy = float((found[:, : len(model.class_names)].argmax(axis=1) == labels).mean())
    in_python = float((predict(model, images).argmax(axis=1) == labels).mean())
    expected = predict_with_negative(model, images[:COMPARED])[:, : found.shape[1]]
    difference = np.abs(found[:COMPARED] - expected).max()
    print(table(["drawings", "by", "tried", "correct", "errors"], rows))
    print(f"\nThe {len(images):,} test images: {accuracy:.2%} are correct, in Python {in_python:.2%}.")
    print(f"The page takes {milliseconds:.2f} ms per image.")
    print(f"The probabilities of the first {COMPARED:,} differ by at most {difference:.6f} from Python's.")


if __name__ == "__main__":
    main()
