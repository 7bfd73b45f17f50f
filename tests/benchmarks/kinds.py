"""Measure the accuracy and calibration of reading on kinds of pictures that people have: forms, photographs, rows.

    python -m tests.benchmarks.kinds [--count 200] [--part test] [--errors FOLDER]

The pictures show MNIST's digits on paper, as JPEG or PNG files. Choices are made with `--part validation`, the last
10,000 training images. Needs artifacts/parse in the current folder.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from pipeline.engine.threads import count_cores
from pipeline.evaluation.metrics import Reliability, measure_reliability
from pipeline.pictures.files import load_picture
from pipeline.pictures.reading import format_digits, read
from pipeline.reader import PRETRAINED, load
from tests.benchmarks.markdown import table
from tests.benchmarks.pictures import KINDS, draw_picture
from tests.benchmarks.writing import PARTS, load_digits

SURE = 0.8  # confidence above which an error counts as a confident one


@dataclass(frozen=True)
class Result:
    """What was read in a picture, "" for no digit; the confidence is 1 then."""

    truth: str
    predicted: str
    confidence: float

    @property
    def correct(self) -> bool:
        return self.predicted == self.truth


def measure_kind(kind: str, count: int, part: str, errors: Path | None = None) -> list[Result]:
    """Read `count` pictures with the included model; write those with errors into the folder `errors`."""
    model, digits, results = load(PRETRAINED).model, load_digits(part), []
    with threadpool_limits(1, "blas"):
        for number in range(count):
            file, truth = draw_picture(kind, number, digits, part)
            reading = read(model, load_picture(file, "picture")[0])
            result = Result(truth, format_digits(reading.labels, model.class_names), reading.confidence)
            results.append(result)
            if errors and not result.correct:
                name = f"{kind} {number} {truth} as {result.predicted or 'none'} {result.confidence:.2f}"
                Image.open(file).save(errors / f"{name}.png")
    return results


def count_results(kind: str, results: Sequence[Result]) -> list[str]:
    """Return the cells of a kind's line."""
    wrong = [result for result in results if not result.correct]
    return [
        kind,
        f"{1 - len(wrong) / len(results):.1%}",
        f"{sum(not result.predicted for result in results) / len(results):.1%}",
        f"{sum(result.confidence > SURE for result in wrong if result.predicted) / len(results):.1%}",
    ]


def measure_calibration(results: Sequence[Result]) -> Reliability:
    """Compare the confidence of whole rows with whether they are correct, where any digit was read."""
    claimed = [result for result in results if result.predicted]
    confidence = np.array([[result.confidence] for result in claimed], np.float32)
    return measure_reliability(confidence, np.array([not result.correct for result in claimed], np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="pictures of each kind")
    parser.add_argument("--part", choices=PARTS, default="test")
    parser.add_argument("--errors", type=Path, help="folder for the pictures with errors")
    given = parser.parse_args()
    if given.errors:
        given.errors.mkdir(parents=True, exist_ok=True)
    measure = partial(measure_kind, count=given.count, part=given.part, errors=given.errors)
    with ProcessPoolExecutor(count_cores()) as pool:
        results = dict(zip(KINDS, pool.map(measure, KINDS), strict=True))
    everything = [result for of_kind in results.values() for result in of_kind]
    rows = [count_results(kind, of_kind) for kind, of_kind in {**results, "all": everything}.items()]
    print(table(["pictures", "correct", "no digit found", f"wrong with a confidence above {SURE:.0%}"], rows))
    print(f"\n{given.count} pictures of each kind, generated from {given.part} images and read by the included model.")
    print("A picture is correct if all its digits are correct.")
    print(f"Expected calibration error of the confidence in a picture: {measure_calibration(everything).error:.1%}.")


if __name__ == "__main__":
    main()
