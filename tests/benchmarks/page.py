"""Measure the accuracy of the drawing demo on digits, numbers, non-digits and test images, by mouse, touch and pen.

    python -m tests.benchmarks.page

Needs a browser, and artifacts/ with all stages run. The drawings are deterministic.
"""

import base64
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from pipeline.model.prediction import predict, predict_with_negative
from pipeline.reader import load
from tests.benchmarks.markdown import table
from tests.browser import PHONE, open_browser, open_page
from tests.pipeline.pages.handwriting import draw_non_digits, write_digits
from tests.pipeline.pages.input import Draw, clear, draw_with_finger, draw_with_mouse, draw_with_pen, prediction
from tests.pipeline.pages.strokes import DIGITS, Strokes, place, write_number

ARTIFACTS = Path("artifacts")
SIZES = (0.3, 0.5, 0.8)
NUMBERS = 40  # of two to five digits
COMPARED = 1000

Device = tuple[str, Draw, dict[str, Any]]
DEVICES: tuple[Device, ...] = (
    ("mouse", draw_with_mouse, {}),
    ("touch", draw_with_finger, PHONE),
    ("pen", draw_with_pen, {}),
)

# The probability that the page states for the drawing: 0 if it rejects a part of it.
PROBABILITY = """() => readAll(model, drawing.strokes, true).readings.reduce(
    (product, {probabilities, digit}) => product * (digit === null ? 0 : probabilities[digit]), 1)"""

# All test images are passed in one call: a call per image would be slower than the prediction.
READ_ALL = """([text, size]) => {
    const pixels = new Uint8Array(decodeBase64(text));
    const found = [];
    const started = performance.now();
    for (let i = 0; i < pixels.length; i += size) {
        found.push(Array.from(predict(model, pixels.subarray(i, i + size)).probabilities));
    }
    return [found, performance.now() - started];
}"""


def corners() -> Iterator[tuple[str, Strokes]]:
    """Yield ten digits in three sizes in the four corners of the canvas."""
    for digit, size, right, low in itertools.product(DIGITS, SIZES, (False, True), (False, True)):
        margin = 0.04
        rest = 1 - size - margin
        yield str(digit), place(DIGITS[digit], rest if right else margin, rest if low else margin, size)


def numbers() -> Iterator[tuple[str, Strokes]]:
    """Yield numbers of two to five random digits, in random styles, distorted."""
    generator = np.random.default_rng(2)
    for number in range(NUMBERS):
        digits = "".join(map(str, generator.integers(0, 10, 2 + number % 4)))
        yield digits, write_number(digits, generator)


def read(page: Page, draw: Draw, strokes: Strokes) -> str:
    """Draw on an empty canvas; return the predicted class or number, "" for none."""
    clear(page)
    draw(page, strokes)
    return prediction(page)


Drawn = tuple[str, str, str, float]  # name, device, prediction, its probability


def read_by_turns(pages: Iterable[tuple[Device, Page]], drawings: Iterable[tuple[str, Strokes]]) -> Iterator[Drawn]:
    """Draw each drawing by the next device."""
    for (name, strokes), ((device, draw, _), page) in zip(drawings, itertools.cycle(pages), strict=False):
        yield name, device, read(page, draw, strokes), page.evaluate(PROBABILITY)


def handwriting(pages: Iterable[tuple[Device, Page]]) -> Iterator[list[str]]:
    """Yield for each device how many of 200 digits in ten styles are correct, and the errors."""
    correct, total, errors = Counter[str](), Counter[str](), dict[str, list[str]]()
    named = ((f"{digit} ({style})", strokes) for digit, style, strokes in write_digits())
    for name, device, predicted, probability in read_by_turns(pages, named):
        total[device] += 1
        correct[device] += predicted == name[0]
        if predicted != name[0]:
            errors.setdefault(device, []).append(f"{name} {describe(predicted, probability)}")
    for device in total:
        of_device = list_errors(errors.get(device, []))
        yield ["digits in ten styles", device, str(total[device]), str(correct[device]), of_device]


def rejections(pages: Iterable[tuple[Device, Page]]) -> list[str]:
    """Return how many of 60 drawings of twenty kinds are rejected, and those that are not."""
    rejected, total, read_as = 0, 0, []
    for kind, _, predicted, probability in read_by_turns(pages, draw_non_digits()):
        total += 1
        rejected += not predicted
        if predicted:
            read_as.append(f"{kind} {describe(predicted, probability)}")
    return ["drawings of twenty other kinds, rejected", "in turn", str(total), str(rejected), list_errors(read_as)]


def describe(predicted: str, probability: float) -> str:
    return f"as {predicted} ({probability:.0%})" if predicted else "rejected"


def list_errors(errors: Sequence[str]) -> str:
    return ", ".join(f"{error} ({times} times)" if times > 1 else error for error, times in Counter(errors).items())


def count(title: str, name: str, page: Page, draw: Draw, drawings: Iterator[tuple[str, Strokes]]) -> list[str]:
    """Return how many of the drawings are correct, each on an empty canvas, and the errors."""
    pairs = [(expected, read(page, draw, strokes)) for expected, strokes in drawings]
    errors = [f"{expected} as {predicted or 'none'}" for expected, predicted in pairs if expected != predicted]
    return [title, name, str(len(pairs)), str(len(pairs) - len(errors)), list_errors(errors)]


def read_images(page: Page, images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """Return the probabilities that the page computes, (n, outputs), and the milliseconds per image."""
    text = base64.b64encode(images.tobytes()).decode()
    found, milliseconds = page.evaluate(READ_ALL, [text, int(np.prod(images.shape[1:]))])
    return np.array(found), milliseconds / len(images)


def main() -> None:
    file = (ARTIFACTS / "export" / "index.html").resolve()
    images = np.array(np.load(ARTIFACTS / "parse" / "test-images.npy"))
    labels = np.load(ARTIFACTS / "parse" / "test-labels.npy")
    model = load(ARTIFACTS / "train").model
    with open_browser() as browser:
        with ExitStack() as stack:
            pages = [(device, stack.enter_context(open_page(browser, file, **device[2]))) for device in DEVICES]
            rows = [*handwriting(pages), rejections(pages)]
            for (name, draw, _), page in pages[:2]:
                rows.append(count("digits in three sizes in the corners", name, page, draw, corners()))
                rows.append(count("numbers of two to five digits", name, page, draw, numbers()))
        with open_page(browser, file) as page:
            found, milliseconds = read_images(page, images)
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
