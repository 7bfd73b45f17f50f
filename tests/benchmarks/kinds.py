"""Measure reading on kinds of pictures that people have, beside RapidOCR: forms, photographs, rows.

    python -m tests.benchmarks.kinds [--count 200] [--peers 200] [--part test] [--model MODEL]

The pictures show MNIST's digits on paper, as JPEG or PNG files. Choices are made with `--part validation`, the last
10,000 training images. Each reader runs in as many processes as there are cores, with one thread each. Needs
artifacts/parse in the current folder, and .venv-ocr, see `make benchmarks`, except with --peers 0.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from json import loads
from pathlib import Path

import numpy as np

from pipeline.engine.threads import count_cores
from pipeline.model.metrics import measure_reliability
from pipeline.reader import PRETRAINED
from tests.benchmarks.markdown import table
from tests.benchmarks.pictures import KINDS, draw_picture
from tests.benchmarks.writing import PARTS, load_digits
from tests.processes import ROOT

PEER = (str(ROOT / ".venv-ocr/bin/python"), "-m", "tests.benchmarks.readers", "rapidocr")
SURE = 0.8  # confidence above which an error counts as a confident one
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99)
GROUPS = {  # the kinds that share a row of the table, by their first words
    "ruled or squared paper": ("ruled", "squared"),
    "faint ink, 16-bit files": ("ink", "12 bits"),
    "tilted rows, small numbers on large sheets": ("a row tilted", "a small number"),
    "shadows, folds, uneven light": ("hard shadow", "two lights", "yellowed", "strong vignette", "a fold"),
    "tight crops": ("tight",),
    "two or three rows": ("two rows", "three rows"),
    "boxes, combs, a line below": ("a digit in a box", "rows of boxes", "combs", "a line below"),
    "tables and forms": ("a table", "a printed form"),
    "neighbours whose boxes touch or overlap": ("three digits whose boxes", "six digits whose boxes"),
    "neighbours whose ink touches": ("three digits whose ink touches", "six digits whose ink touches"),
    "neighbours whose ink overlaps": ("three digits whose ink overlaps", "six digits whose ink overlaps"),
}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Picture:
    """A file with the digits in it, in reading order."""

    path: Path
    truth: str
    kind: str


@dataclass(frozen=True)
class Reading:
    """What was read in a picture, "" for no digit."""

    picture: Picture
    text: str
    confidence: float
    seconds: float

    @property
    def correct(self) -> bool:
        return self.text == self.picture.truth


@dataclass(frozen=True)
class Readings:
    """All that a reader read, by kind, and the number of its processes."""

    name: str
    kinds: dict[str, list[Reading]]
    processes: int

    def speed(self) -> float:
        """Return the pictures per second of all processes, without their start."""
        seconds = [reading.seconds for reading in chain(*self.kinds.values())]
        return self.processes * len(seconds) / sum(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="pictures of each kind")
    parser.add_argument("--part", choices=PARTS, default="test")
    parser.add_argument("--peers", type=int, default=200, help="pictures of each kind that RapidOCR reads, 0 for none")
    parser.add_argument("--model", type=Path, default=PRETRAINED, help="model of this project")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(count_cores()) as pool:
            write = partial(write_kind, count=given.count, part=given.part, folder=Path(folder))
            pictures = [*chain(*pool.map(write, KINDS))]
        print(compare(pictures, given.model, given.peers))
    print(f"\n{given.count} pictures of each kind, generated from {given.part} images.")


def write_kind(kind: str, count: int, part: str, folder: Path) -> list[Picture]:
    """Write `count` pictures of a kind as files into the folder."""
    digits, pictures = load_digits(part), []
    for number in range(count):
        file, truth = draw_picture(kind, number, digits, part)
        path = folder / f"{list(KINDS).index(kind)}-{number}"
        path.write_bytes(file.getvalue())
        pictures.append(Picture(path, truth, kind))
    return pictures


def compare(pictures: Sequence[Picture], model: Path, peers: int) -> str:
    """Read all pictures with our model and the first ones of each kind with RapidOCR; return a report as Markdown."""
    ours = read_with([sys.executable, "-m", "tests.benchmarks.readers", "ours", str(model.absolute())], pictures)
    chosen = [picture for of_kind in group(pictures).values() for picture in of_kind[:peers]]
    readers = [ours, *([read_with(PEER, chosen)] if chosen else [])]
    readings = [*chain(*ours.kinds.values())]
    return "\n\n".join(
        (
            compare_kinds(readers),
            "Each row is a mean over kinds; parentheses give their number. A picture counts as correct if "
            f"all its digits are read correctly and in order. {describe_readers(readers)}",
            f"Expected calibration error of our confidence in a picture: {measure_calibration(readings):.1%}.",
            apply_thresholds(readings),
        )
    )


def read_with(command: Sequence[str], pictures: Sequence[Picture]) -> Readings:
    """Divide the pictures among processes of the command. Raises CalledProcessError if one fails."""
    processes = min(count_cores(), len(pictures))
    shares = [pictures[first::processes] for first in range(processes)]
    with ThreadPoolExecutor(processes) as pool:
        answers = list(pool.map(lambda share: run(command, share), shares))
    readings = {reading.picture: reading for _, share in answers for reading in share}
    kinds = {kind: [readings[picture] for picture in of_kind] for kind, of_kind in group(pictures).items()}
    return Readings(answers[0][0], kinds, processes)


def run(command: Sequence[str], pictures: Sequence[Picture]) -> tuple[str, list[Reading]]:
    """Return the name of the reader and what it reads; see `readers`."""
    paths = "".join(f"{picture.path.absolute()}\n" for picture in pictures)
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(
        command, input=paths, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    name, *values = map(loads, done.stdout.splitlines())
    return name, [Reading(picture, *value) for picture, value in zip(pictures, values, strict=True)]


def group(pictures: Sequence[Picture]) -> dict[str, list[Picture]]:
    kinds: dict[str, list[Picture]] = {}
    for picture in pictures:
        kinds.setdefault(picture.kind, []).append(picture)
    return kinds


def share(values: Iterable[bool]) -> float:
    return float(np.mean([*values]))


def compare_kinds(readers: Sequence[Readings]) -> str:
    ours, *peers = readers
    groups: dict[str, list[tuple[float, ...]]] = {}
    for kind, of_kind in ours.kinds.items():
        wrong = [reading for reading in of_kind if not reading.correct]
        shares = (
            share(reading.correct for reading in of_kind),
            share(not reading.text for reading in of_kind),
            sum(reading.confidence > SURE for reading in wrong if reading.text) / len(of_kind),
            *(share(reading.correct for reading in peer.kinds[kind]) for peer in peers),
        )
        name = next((name for name, words in GROUPS.items() if kind.startswith(words)), kind)
        groups.setdefault(name, []).append(shares)
    rows = sorted(groups.items(), key=lambda row: -np.mean([shares[0] for shares in row[1]]))
    rows.append(("all", [*chain(*groups.values())]))
    header = ["pictures", "correct", "no digit found", f"wrong with a confidence above {SURE:.0%}"]
    return table(
        [*header, *(peer.name for peer in peers)],
        [[f"{name} ({len(of)})", *(f"{value:.1%}" for value in np.mean(of, axis=0))] for name, of in rows],
    )


def describe_readers(readers: Sequence[Readings]) -> str:
    """Return the speed of each reader, and how many pictures of each kind it read."""
    facts = (f"{each.name}: {max(map(len, each.kinds.values()))}, {each.speed():.1f} pictures/s" for each in readers)
    return f"Pictures of each kind, and speed of {readers[0].processes} processes: {'; '.join(facts)}."


def measure_calibration(readings: Sequence[Reading]) -> float:
    """Compare the confidence in whole texts with whether they are correct, where any digit was read."""
    claimed = [reading for reading in readings if reading.text]
    confidence = np.array([[reading.confidence] for reading in claimed], np.float32)
    return measure_reliability(confidence, np.array([not each.correct for each in claimed], np.uint8)).error


def apply_thresholds(readings: Sequence[Reading]) -> str:
    """Show what remains if a person reads all pictures without a digit or with less confidence than a threshold."""
    rows = []
    for threshold in THRESHOLDS:
        accepted = [reading for reading in readings if reading.confidence >= threshold]
        errors = f"{share(not reading.correct for reading in accepted):.2%}" if accepted else "none left"
        rows.append([f"{threshold:.0%}", f"{1 - len(accepted) / len(readings):.1%}", errors])
    return table(["threshold", "below it, left to a person", "errors among the others"], rows)


if __name__ == "__main__":
    main()
