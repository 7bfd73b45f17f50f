"""Read pictures with this project's model and with peers, and format how many are read correctly, and how fast.

Each reader runs in as many processes as there are cores, with one thread each.
"""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from json import loads
from pathlib import Path
from shutil import copyfile

import numpy as np

from pipeline.engine.threads import count_cores
from pipeline.evaluation.metrics import measure_reliability
from pipeline.reader import PRETRAINED
from tests.benchmarks.markdown import table
from tests.benchmarks.peers import PEERS

ROOT = Path(__file__).parents[2]
PYTHON_OF_PEERS = ROOT / ".venv-ocr/bin/python"
SURE = 0.8  # confidence above which an error counts as a confident one
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99)
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
        seconds = [reading.seconds for of_kind in self.kinds.values() for reading in of_kind]
        return self.processes * len(seconds) / sum(seconds)

    def accuracy(self, count: int | None = None) -> float:
        """Return the mean accuracy of the kinds, each on its first `count` pictures or on all."""
        return float(np.mean([share(reading.correct for reading in each[:count]) for each in self.kinds.values()]))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `compare`."""
    parser.add_argument("--peers", type=int, default=200, help="pictures of each kind that the peers read, 0 for none")
    parser.add_argument("--model", type=Path, default=PRETRAINED, help="model of this project")
    parser.add_argument("--errors", type=Path, help="folder for the pictures in which our model makes an error")


def check_options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Exit if the peers are to read, but are not installed."""
    if given.peers and not PYTHON_OF_PEERS.exists():
        parser.error("the peers are not installed: run `make .venv-ocr/.ready`, or choose --peers 0")


def compare(pictures: Sequence[Picture], given: argparse.Namespace) -> str:
    """Read all pictures with our model and the first ones of each kind with the peers; return a report as Markdown.

    Exits if a reader fails.
    """
    try:
        return report(*read_with_all(pictures, given))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{shlex.join(error.cmd)} failed: see the messages above")


def read_with_all(pictures: Sequence[Picture], given: argparse.Namespace) -> tuple[Readings, list[Readings]]:
    ours = read_with([sys.executable, "-m", "tests.benchmarks.ours", str(given.model.absolute())], pictures)
    if given.errors:
        save_errors(ours, given.errors)
    chosen = [picture for of_kind in group(pictures).values() for picture in of_kind[: given.peers]]
    peers = [
        read_with([str(PYTHON_OF_PEERS), "-m", "tests.benchmarks.peers", name], chosen) for name in PEERS if chosen
    ]
    return ours, peers


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
    """Return the name of the reader and what it reads; see `lines`."""
    paths = "".join(f"{picture.path.absolute()}\n" for picture in pictures)
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(command, input=paths, env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)  # otherwise it only contains remarks on single pictures
        done.check_returncode()
    name, *values = map(loads, done.stdout.splitlines())
    return name, [Reading(picture, *value) for picture, value in zip(pictures, values, strict=True)]


def group(pictures: Sequence[Picture]) -> dict[str, list[Picture]]:
    kinds: dict[str, list[Picture]] = {}
    for picture in pictures:
        kinds.setdefault(picture.kind, []).append(picture)
    return kinds


def share(values: Iterable[bool]) -> float:
    return float(np.mean([*values]))


def report(ours: Readings, peers: Sequence[Readings]) -> str:
    """Return the accuracy by kind, the speed, and what a threshold on the confidence leaves, as Markdown."""
    readings = [reading for of_kind in ours.kinds.values() for reading in of_kind]
    return "\n\n".join(
        (
            compare_kinds(ours, peers),
            "A picture is correct if all its digits are, in reading order.",
            compare_readers(ours, peers),
            f"Expected calibration error of our confidence in a picture: {measure_calibration(readings)}.",
            apply_thresholds(readings),
        )
    )


def compare_kinds(ours: Readings, peers: Sequence[Readings]) -> str:
    rows = []
    for kind, of_kind in ours.kinds.items():
        wrong = [reading for reading in of_kind if not reading.correct]
        shares = (
            share(reading.correct for reading in of_kind),
            share(not reading.text for reading in of_kind),
            sum(reading.confidence > SURE for reading in wrong if reading.text) / len(of_kind),
            *(share(reading.correct for reading in peer.kinds[kind]) for peer in peers),
        )
        rows.append((kind, shares))
    rows.append(("mean", tuple(np.mean([shares for _, shares in rows], axis=0))))
    header = ["pictures", "correct", "no digit found", f"wrong with a confidence above {SURE:.0%}"]
    names = [peer.name for peer in peers]
    return table([*header, *names], [[kind, *(f"{value:.1%}" for value in shares)] for kind, shares in rows])


def compare_readers(ours: Readings, peers: Sequence[Readings]) -> str:
    """Compare the readers on those pictures that all of them read."""
    count = max((len(of_kind) for peer in peers for of_kind in peer.kinds.values()), default=None)
    rows = [[each.name, f"{each.accuracy(count):.1%}", f"{each.speed():.1f}"] for each in (ours, *peers)]
    pictures = f"the first {count} of each kind, mean" if count else "mean of the kinds"
    return table(["reader", f"correct, {pictures}", f"pictures/s of {ours.processes} processes"], rows)


def measure_calibration(readings: Sequence[Reading]) -> str:
    """Compare the confidence in whole texts with whether they are correct, where any digit was read."""
    claimed = [reading for reading in readings if reading.text]
    if not claimed:
        return "none, as no digit was read"
    confidence = np.array([[reading.confidence] for reading in claimed], np.float32)
    return f"{measure_reliability(confidence, np.array([not each.correct for each in claimed], np.uint8)).error:.1%}"


def apply_thresholds(readings: Sequence[Reading]) -> str:
    """Show what remains if a person reads all pictures without a digit or with less confidence than a threshold."""
    rows = []
    for threshold in THRESHOLDS:
        accepted = [reading for reading in readings if reading.confidence >= threshold]
        errors = f"{share(not reading.correct for reading in accepted):.2%}" if accepted else "none left"
        rows.append([f"{threshold:.0%}", f"{1 - len(accepted) / len(readings):.1%}", errors])
    return table(["confidence of at least", "left to a person", "errors among the others"], rows)


def save_errors(ours: Readings, folder: Path) -> None:
    """Copy the pictures with errors into a folder; their names tell the kind, the truth and what was read."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, of_kind in ours.kinds.items():
        for number, reading in enumerate(of_kind):
            if not reading.correct:
                path, read = reading.picture.path, f"{reading.text[:20] or 'none'} {reading.confidence:.2f}"
                name = f"{kind.replace('/', ' ')} {number} {reading.picture.truth[:20]} as {read}{path.suffix}"
                copyfile(path, folder / name)
