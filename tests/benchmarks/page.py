"""How well the page to draw on reads: digits drawn with mouse and finger, what is no digit, and the test images.

Needs `artifacts/` with all stages run, of which it opens the page in a browser. Hands draw anew in each run of the
program but always alike: see tests/pipeline/pages/strokes.py.
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

from tests.browser import open_browser, open_page
from tests.pipeline.pages.hands import Hand, answer, draw_with_finger, draw_with_mouse
from tests.pipeline.pages.strokes import DIGITS, DOT, HANDS, NO_DIGITS, Strokes, place, wobble

ARTIFACTS = Path("artifacts")
SIZES = (0.3, 0.5, 0.8)
VARIANTS = 12
COMPARED = 1000

# The test images come as one text; to read it costs less than to ask for each image by itself.
READ_ALL = """([text, size]) => {
    const pixels = new Uint8Array(decodeBase64(text));
    const found = [];
    const started = performance.now();
    for (let i = 0; i < pixels.length; i += size) {
        found.push(Array.from(predict(model, pixels.subarray(i, i + size)).probabilities));
    }
    return [found, performance.now() - started];
}"""


def corners() -> Iterator[tuple[int, Strokes]]:
    """Ten digits in three sizes in the four corners of the canvas."""
    for digit, size, right, low in itertools.product(DIGITS, SIZES, (False, True), (False, True)):
        margin = 0.04
        rest = 1 - size - margin
        yield digit, place(DIGITS[digit], rest if right else margin, rest if low else margin, size)


def wobbly() -> Iterator[tuple[int, Strokes]]:
    """Each digit in all hands, none of them steady, in sizes and places by chance."""
    generator = np.random.default_rng(1)
    for digit, number in itertools.product(HANDS, range(VARIANTS)):
        hands = HANDS[digit]
        size = generator.uniform(0.3, 0.9)
        left, top = generator.uniform(0.02, 0.98 - size, 2)
        yield digit, place(wobble(hands[number % len(hands)], generator), left, top, size)


def count(page: Page, hand: Hand, drawings: Iterator[tuple[int, Strokes]]) -> str:
    """Let the hand draw all of them, each on an empty canvas."""
    right, total, wrong = 0, 0, []
    for digit, strokes in drawings:
        page.locator("#clear").click()
        hand(page, strokes)
        said = answer(page)
        total += 1
        if said == str(digit):
            right += 1
        else:
            wrong.append(f"{digit} as {said or 'none'}")
    return f"{right} of {total}" + (f" (not {', '.join(wrong)})" if wrong else "")


def no_digits(page: Page) -> str:
    """What the page says of an empty canvas, a dot, and scribbles."""
    drawings: Mapping[str, Strokes] = {
        "empty": [],
        "dot": DOT,
        **{k: place(v, 0.15, 0.15, 0.7) for k, v in NO_DIGITS.items()},
    }
    found = []
    for name, strokes in drawings.items():
        page.locator("#clear").click()
        draw_with_mouse(page, strokes)
        said = answer(page)
        found.append(f"{name}: {f'read as {said}' if said else 'no digit'}")
    return ", ".join(found)


def read_images(page: Page, images: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """The probabilities of all images as the page computes them, and the milliseconds for one."""
    text = base64.b64encode(images.tobytes()).decode()
    found, milliseconds = page.evaluate(READ_ALL, [text, int(np.prod(images.shape[1:]))])
    return np.array(found), milliseconds / len(images)


def main() -> None:
    """Print all of it."""
    file = (ARTIFACTS / "export" / "index.html").resolve()
    images = np.array(np.load(ARTIFACTS / "parse" / "test-images.npy"))
    labels = np.load(ARTIFACTS / "parse" / "test-labels.npy")
    expected = np.load(ARTIFACTS / "evaluate" / "probabilities.npy")
    hands: dict[str, tuple[Hand, dict[str, Any]]] = {
        "mouse": (draw_with_mouse, {}),
        "finger": (draw_with_finger, {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}),
    }
    with open_browser() as browser:
        for name, (hand, options) in hands.items():
            with open_page(browser, file, **options) as page:
                report(f"{name}, 10 digits x 3 sizes x 4 corners", count, page, hand, corners())
        with open_page(browser, file) as page:
            report(f"10 digits x {VARIANTS} unsteady hands", count, page, draw_with_mouse, wobbly())
            report("no digits", no_digits, page)
            found, milliseconds = read_images(page, images)
            right = float((found.argmax(axis=1) == labels).mean())
            print(f"{len(images):,} test images: {right:.2%} right, {milliseconds:.2f} ms an image")
            found, expected = found[:COMPARED], expected[:COMPARED]
            difference = np.abs(found - expected).max()
            other = np.count_nonzero(found.argmax(axis=1) != expected.argmax(axis=1))
            print(
                f"beside Python, {COMPARED:,} images: a probability differs by {difference:.1e} at most, {other} labels"
            )


def report(title: str, work: Callable[..., str], *arguments: Any) -> None:
    """Print what the work finds, and how long it took."""
    started = time.perf_counter()
    print(f"{title}: {work(*arguments)} in {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
