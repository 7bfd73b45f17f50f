"""Measure the accuracy of the drawing demo on digits, numbers, non-digits and test images, by mouse, touch and pen.

    python -m tests.benchmarks.page [--page FILE] [--model FOLDER]

Needs a browser, and artifacts/ with all stages run. The drawings are deterministic.
"""

import argparse
import base64
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from pipeline.model.prediction import predict_with_negative
from pipeline.reader import load
from tests.browser import PHONE, open_browser, open_page
from tests.pipeline.pages.handwriting import DIGIT_LIKE, draw_non_digits, write_digits
from tests.pipeline.pages.input import Draw, clear, draw_with_finger, draw_with_mouse, draw_with_pen, prediction
from tests.pipeline.pages.strokes import (
    DIGITS,
    DOT,
    LETTERS,
    NON_DIGITS,
    STYLES,
    Strokes,
    place,
    wobble,
    write_number,
)

ARTIFACTS = Path("artifacts")
SIZES = (0.3, 0.5, 0.8)
VARIANTS = 12
NUMBERS = 40  # of two to five digits
COMPARED = 1000
SURE = 0.8  # less probable predictions are shown with "perhaps"

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


def distorted() -> Iterator[tuple[str, Strokes]]:
    """Yield each digit in all styles, distorted, with random sizes and positions."""
    generator = np.random.default_rng(1)
    for digit, number in itertools.product(STYLES, range(VARIANTS)):
        styles = STYLES[digit]
        size = generator.uniform(0.3, 0.9)
        left, top = generator.uniform(0.02, 0.98 - size, 2)
        yield str(digit), place(wobble(styles[number % len(styles)], generator), left, top, size)


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


def handwriting(pages: Iterable[tuple[Device, Page]]) -> str:
    """Count the correct predictions of 200 digits in ten styles, by device, and list the others."""
    correct, total, errors = Counter[str](), Counter[str](), []
    named = ((f"{digit} ({style})", strokes) for digit, style, strokes in write_digits())
    for name, device, predicted, probability in read_by_turns(pages, named):
        total[device] += 1
        if predicted == name[0]:
            correct[device] += 1
        else:
            errors.append(f"{name} by {device} {describe(predicted, probability)}")
    by_device = ", ".join(f"{correct[device]} of {total[device]} by {device}" for device in total)
    return f"{correct.total()} of {total.total()} correct ({by_device}; errors: {', '.join(errors) or 'none'})"


def refusals(pages: Iterable[tuple[Device, Page]]) -> str:
    """Count how 60 drawings of twenty kinds are taken, and list those that are not refused."""
    counts, read_as = Counter[str](), []
    for kind, _, predicted, probability in read_by_turns(pages, draw_non_digits()):
        outcome = "refused" if not predicted else "below 80%" if probability < SURE else "read as a digit"
        counts[outcome] += 1
        if predicted:
            read_as.append(f"{kind} {describe(predicted, probability)}")
    outcomes = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("refused", "below 80%", "read as a digit"))
    return f"{outcomes} of {counts.total()} ({', '.join(read_as) or 'none read'})"


def digit_like(pages: Iterable[tuple[Device, Page]]) -> str:
    """Return what the letters that have the shape of a digit are read as."""
    drawings = ((name, place(strokes, 0.2, 0.2, 0.6)) for name, strokes in DIGIT_LIKE.items())
    return ", ".join(
        f"{name} {describe(predicted, probability)}"
        for name, _, predicted, probability in read_by_turns(pages, drawings)
    )


def describe(predicted: str, probability: float) -> str:
    return f"as {predicted} {probability:.1%}" if predicted else "refused"


def count(page: Page, draw: Draw, drawings: Iterator[tuple[str, Strokes]]) -> str:
    """Draw each drawing on an empty canvas and count the correct predictions."""
    correct, total, errors = 0, 0, []
    for expected, strokes in drawings:
        predicted = read(page, draw, strokes)
        total += 1
        if predicted == expected:
            correct += 1
        else:
            errors.append(f"{expected} as {predicted or 'none'}")
    return f"{correct} of {total} correct" + (f" (errors: {', '.join(errors)})" if errors else "")


def non_digits(page: Page) -> str:
    """Return the results for an empty canvas, a dot, scribbles, shapes and letters."""
    drawings: Mapping[str, Strokes] = {
        "empty": [],
        "dot": DOT,
        **{k: place(v, 0.15, 0.15, 0.7) for k, v in (NON_DIGITS | LETTERS).items()},
    }
    found = []
    for name, strokes in drawings.items():
        predicted = read(page, draw_with_mouse, strokes)
        found.append(f"{name}: {f'read as {predicted}' if predicted else 'rejected'}")
    return ", ".join(found)


def read_images(page: Page, images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """Return the probabilities that the page computes, (n, outputs), and the milliseconds per image."""
    text = base64.b64encode(images.tobytes()).decode()
    found, milliseconds = page.evaluate(READ_ALL, [text, int(np.prod(images.shape[1:]))])
    return np.array(found), milliseconds / len(images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", type=Path, default=ARTIFACTS / "export" / "index.html")
    parser.add_argument("--model", type=Path, default=ARTIFACTS / "train", help="the model of the page")
    options = parser.parse_args()
    file = options.page.resolve()
    images = np.array(np.load(ARTIFACTS / "parse" / "test-images.npy"))
    labels = np.load(ARTIFACTS / "parse" / "test-labels.npy")
    model = load(options.model).model
    with open_browser() as browser:
        with ExitStack() as stack:
            pages = [(device, stack.enter_context(open_page(browser, file, **device[2]))) for device in DEVICES]
            report("10 digits x 10 styles x 2", handwriting, pages)
            report("20 kinds of non-digits x 3", refusals, pages)
            report("letters with the shape of a digit", digit_like, pages)
            for (name, draw, _), page in pages[:2]:
                report(f"{name}, 10 digits x 3 sizes x 4 corners", count, page, draw, corners())
                report(f"{name}, {NUMBERS} numbers", count, page, draw, numbers())
        with open_page(browser, file) as page:
            report(f"10 digits x {VARIANTS} distortions", count, page, draw_with_mouse, distorted())
            report("non-digits", non_digits, page)
            found, milliseconds = read_images(page, images)
            accuracy = float((found[:, : len(model.class_names)].argmax(axis=1) == labels).mean())
            print(f"{len(images):,} test images: accuracy {accuracy:.2%}, {milliseconds:.2f} ms per image")
            found = found[:COMPARED]
            expected = predict_with_negative(model, images[:COMPARED])[:, : found.shape[1]]
            difference = np.abs(found - expected).max()
            labels_differ = np.count_nonzero(found.argmax(axis=1) != expected.argmax(axis=1))
            print(
                f"compared with Python, {COMPARED:,} images: probabilities differ by at most {difference:.1e}, "
                f"{labels_differ} labels differ"
            )


def report(title: str, work: Callable[..., str], *arguments: Any) -> None:
    started = time.perf_counter()
    print(f"{title}: {work(*arguments)} in {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
