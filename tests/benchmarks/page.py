"""Measure the accuracy of the drawing demo: digits and numbers drawn by mouse and touch, other drawings, test images.

    python -m tests.benchmarks.page

Needs a browser, and artifacts/ with all stages run. The drawings are deterministic.
"""

import base64
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from pipeline.model.files import load_model
from pipeline.model.prediction import predict_with_negative
from tests.browser import PHONE, open_browser, open_page
from tests.pipeline.pages.input import Draw, draw_with_finger, draw_with_mouse, prediction
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


def count(page: Page, draw: Draw, drawings: Iterator[tuple[str, Strokes]]) -> str:
    """Draw each drawing on an empty canvas and count the correct predictions."""
    correct, total, errors = 0, 0, []
    for expected, strokes in drawings:
        page.locator("#clear").click()
        draw(page, strokes)
        predicted = prediction(page)
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
        page.locator("#clear").click()
        draw_with_mouse(page, strokes)
        predicted = prediction(page)
        found.append(f"{name}: {f'read as {predicted}' if predicted else 'rejected'}")
    return ", ".join(found)


def read_images(page: Page, images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """Return the probabilities that the page computes, (n, outputs), and the milliseconds per image."""
    text = base64.b64encode(images.tobytes()).decode()
    found, milliseconds = page.evaluate(READ_ALL, [text, int(np.prod(images.shape[1:]))])
    return np.array(found), milliseconds / len(images)


def main() -> None:
    file = (ARTIFACTS / "export" / "index.html").resolve()
    images = np.array(np.load(ARTIFACTS / "parse" / "test-images.npy"))
    labels = np.load(ARTIFACTS / "parse" / "test-labels.npy")
    model = load_model(ARTIFACTS / "train")
    devices: dict[str, tuple[Draw, dict[str, Any]]] = {
        "mouse": (draw_with_mouse, {}),
        "finger": (draw_with_finger, PHONE),
    }
    with open_browser() as browser:
        for name, (draw, options) in devices.items():
            with open_page(browser, file, **options) as page:
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
