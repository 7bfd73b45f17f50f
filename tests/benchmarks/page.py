"""Measure the accuracy of the drawing demo on digits, numbers, non-digits and test images, by mouse, touch and pen.

    python -m tests.benchmarks.page

Digits in the styles of several countries, and non-digits, are also read by the pretrained classifier. Needs a browser,
and artifacts/ with all stages run. The drawings are deterministic.
"""

import asyncio
import itertools
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from pipeline.model.prediction import predict, predict_with_negative
from pipeline.pages.drawing import save_drawing_page
from pipeline.reader import PRETRAINED, load
from tests.benchmarks.markdown import table
from tests.browser import PHONE, open_browser, open_page
from tests.pipeline.pages.handwriting import draw_non_digits, write_digits, write_number
from tests.pipeline.pages.input import Draw, clear, on_canvas, prediction, time_images
from tests.pipeline.pages.strokes import DIGITS, Strokes, place
from tests.pipeline.pages.styles import write_styles

ARTIFACTS = Path("artifacts")
SIZES = (0.3, 0.5, 0.8)
NUMBERS = 40  # of two to five digits
STYLED = 40  # of each style, by each device
SURE = 0.8  # probability of a confident error
COMPARED = 1000

Drawing = tuple[str, str, Strokes]  # name, expected prediction, strokes
Device = tuple[Draw, Page]

# Whether the page has received all strokes: the browser may acknowledge a touch before.
DRAWN = "(count) => drawing.strokes.length === count && !drawing.isDrawing()"

# The probability that the page states for the drawing: 0 if it rejects a part of it.
PROBABILITY = """() => readAll(model, drawing.strokes, true).readings.reduce(
    (product, {probabilities, digit}) => product * (digit === null ? 0 : probabilities[digit]), 1)"""


def send_all(page: Page, method: str, strokes: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """Send the input events of a stroke without waiting for each, so that a frame gets several, as of a real device."""
    session = page.context.new_cdp_session(page)

    async def send(events: Sequence[Mapping[str, Any]]) -> None:
        await asyncio.gather(*(session._impl_obj.send(method, dict(event), None) for event in events))

    for events in strokes:
        session._sync(send(events))
    session.detach()


def draw_as(pointer: str) -> Draw:
    """Return a function that draws with a mouse or a pen."""

    def draw(page: Page, strokes: Strokes) -> None:
        sent = []
        for stroke in on_canvas(page, strokes):
            common = {"pointerType": pointer, "button": "left", "clickCount": 1, "buttons": 1}
            events = [{**common, "type": "mouseMoved", "x": x, "y": y} for x, y in stroke]
            sent.append([{**events[0], "type": "mousePressed"}, *events[1:], {**events[-1], "type": "mouseReleased"}])
        send_all(page, "Input.dispatchMouseEvent", sent)

    return draw


def touch(page: Page, strokes: Strokes) -> None:
    """Draw with a finger; the context of the page needs `has_touch`."""
    sent: list[list[dict[str, Any]]] = []
    for stroke in on_canvas(page, strokes):
        events = [{"type": "touchMove", "touchPoints": [{"x": x, "y": y, "id": 1}]} for x, y in stroke]
        sent.append([{**events[0], "type": "touchStart"}, *events[1:], {"type": "touchEnd", "touchPoints": []}])
    send_all(page, "Input.dispatchTouchEvent", sent)


DEVICES: Mapping[str, tuple[Draw, dict[str, Any]]] = {
    "mouse": (draw_as("mouse"), {}),
    "touch": (touch, PHONE),
    "pen": (draw_as("pen"), {}),
}


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


@dataclass(frozen=True)
class Result:
    """Of drawings. sure: how many are wrong with a probability above SURE. errors: what they are read as."""

    tried: int
    correct: int
    sure: int
    errors: str


def try_drawings(device: Device, drawings: Iterable[Drawing]) -> Result:
    """Draw each on an empty canvas of the device's page."""
    draw, page = device
    tried, sure, errors = 0, 0, Counter[str]()
    for name, expected, strokes in drawings:
        clear(page)
        draw(page, strokes)
        page.wait_for_function(DRAWN, arg=len(strokes))
        found = prediction(page)
        tried += 1
        if found != expected:
            probability = page.evaluate(PROBABILITY) if found else 0
            sure += probability > SURE
            errors[f"{name} as {found} ({probability:.0%})" if found else f"{name} rejected"] += 1
    texts = (f"{error} ({times} times)" if times > 1 else error for error, times in errors.items())
    return Result(tried, tried - errors.total(), sure, ", ".join(texts))


def try_styles(devices: Mapping[str, Device]) -> dict[tuple[str, str], Result]:
    """Draw digits in the styles of several countries by each device; return the results by style and device."""
    return {
        (style, name): try_drawings(device, drawings)
        for number, (name, device) in enumerate(devices.items())
        for style, drawings in itertools.groupby(write_styles(STYLED, seed=number), key=itemgetter(0))
    }


def try_non_digits(devices: Mapping[str, Device]) -> dict[str, Result]:
    """Draw non-digits by each device, other ones by each."""
    return {
        name: try_drawings(device, ((kind, "", strokes) for kind, strokes in draw_non_digits(seed)))
        for seed, (name, device) in enumerate(devices.items(), start=4)
    }


def try_digits(devices: Mapping[str, Device]) -> list[list[str]]:
    """Draw digits and numbers; return the rows of a table."""
    tried = []
    digits = [(f"{digit} ({style})", str(digit), strokes) for digit, style, strokes in write_digits()]
    for number, name in enumerate(devices):
        tried.append(("digits in ten styles", name, digits[number :: len(devices)]))
    for name in ("mouse", "touch"):
        tried.append(("digits in three sizes in the corners", name, list(corners())))
        tried.append(("numbers of two to five digits", name, list(numbers())))
    results = ((title, name, try_drawings(devices[name], drawings)) for title, name, drawings in tried)
    return [[title, name, str(each.tried), str(each.correct), each.errors] for title, name, each in results]


def tabulate_styles(results: Mapping[tuple[str, str], Result]) -> str:
    """Return a table with a row for each style and a column for each reader and device."""
    styles, columns = (list(dict.fromkeys(keys)) for keys in zip(*results, strict=True))
    rows = []
    for style in styles:
        errors = [results[style, column].errors for column in columns if column.startswith("pretrained")]
        cells = [str(results[style, column].correct) for column in columns]
        rows.append([style, *cells, ", ".join(each.replace(f"{style} ", "") for each in errors if each)])
    totals = [sum(results[style, column].correct for style in styles) for column in columns]
    means = [f"{total / (STYLED * len(styles)):.1%}" for total in totals]
    return table(["style", *columns, "errors"], [*rows, ["mean", *means, ""]])


def main() -> None:
    exported = (ARTIFACTS / "export" / "index.html").resolve()
    images = np.array(np.load(ARTIFACTS / "parse" / "test-images.npy"))
    labels = np.load(ARTIFACTS / "parse" / "test-labels.npy")
    model = load(ARTIFACTS / "train").model
    styles, others, rows = {}, [], []
    with open_browser() as browser, tempfile.TemporaryDirectory() as folder:
        pretrained = Path(folder, "pretrained.html")
        save_drawing_page(pretrained, load(PRETRAINED).model, accuracy=1, images=1)
        for title, file in (("pretrained", pretrained), ("standard", exported)):
            with ExitStack() as stack:
                devices = {
                    name: (draw, stack.enter_context(open_page(browser, file, **options)))
                    for name, (draw, options) in DEVICES.items()
                }
                both = {name: devices[name] for name in ("mouse", "touch")}
                for (style, name), result in try_styles(both).items():
                    styles[style, f"{title}, {name}"] = result
                for name, result in try_non_digits(both).items():
                    cells = (result.tried, result.correct, result.sure, result.errors)
                    others.append([f"{title}, {name}", *map(str, cells)])
                if file is exported:
                    rows = try_digits(devices)
        with open_page(browser, exported) as page:
            found, milliseconds = time_images(page, images)
    accuracy = float((found[:, : len(model.class_names)].argmax(axis=1) == labels).mean())
    in_python = float((predict(model, images).argmax(axis=1) == labels).mean())
    expected = predict_with_negative(model, images[:COMPARED])[:, : found.shape[1]]
    difference = np.abs(found[:COMPARED] - expected).max()
    print(tabulate_styles(styles))
    print(f"\n{STYLED} drawings of each style by each device. Errors are those of the pretrained classifier.\n")
    print(table(["drawings of twenty other kinds", "tried", "rejected", f"above {SURE:.0%}", "errors"], others))
    print()
    print(table(["drawings, read by `standard`", "by", "tried", "correct", "errors"], rows))
    print(f"\nThe {len(images):,} test images: {accuracy:.2%} are correct, in Python {in_python:.2%}.")
    print(f"The page takes {milliseconds:.2f} ms per image.")
    print(f"The probabilities of the first {COMPARED:,} differ by at most {difference:.6f} from Python's.")


if __name__ == "__main__":
    main()
