"""Columns of numbers with a total, misread as the reader misreads generated forms: what the total mends, and spoils.

python -m tests.benchmarks.sums [--pages 40] FOLDER draws pages, reads them into FOLDER (once) and prints the table.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.desk.arithmetic import Habit, apply_formulas
from pipeline.desk.forms.form import Form, load_form
from pipeline.reader.batch.boxes import CERTAIN
from pipeline.reader.batch.readings import Reading, RowReading
from tests.benchmarks.paper import draw_line, expose
from tests.benchmarks.writing import PARSE, Digits, Generator, load_digits, write_row

LINES, FIELDS, CELL, CORNER, PAPER = 22, "abcd", (94, 360), (150, 120), (2339, 1654)  # height, width in pixels
COLUMNS, LENGTHS, DIGITS = 400, (5, 20), (2, 5)  # simulated; numbers of each, and digits of a number
MISREAD = 0.044  # of the numbers
FORM = '[fields]\nnumber = { holds = "lines" }\ntotal = { holds = "one" }\n[sums]\ntotal = "sum(number)"\n'
HABITS = {"number": Habit(Fraction(1)), "total": Habit(Fraction(1))}


@dataclass(frozen=True)
class Sample:
    """A number of a generated form. texts: what was read, with the probabilities, the first one first."""

    truth: str
    texts: Sequence[tuple[str, float]]


def draw_page(generator: Generator, digits: Digits) -> tuple[Image.Image, dict[str, str]]:
    """Draw a table, and return its page and the text in each cell."""
    ink, printed, cells = np.zeros(PAPER), np.zeros(PAPER), {}
    (down, across), (top, left) = CELL, CORNER
    scale, gap = generator.uniform(0.9, 1.7), (generator.uniform(-1, 2), generator.uniform(3, 9))
    width, right, bottom = generator.uniform(1, 3), left + len(FIELDS) * across, top + LINES * down
    for y in range(top, bottom + 1, down):
        draw_line(printed, (left, y), (right, y), width)
    for x in range(left, right + 1, across):
        draw_line(printed, (x, top), (x, bottom), width)
    for line, column in np.ndindex(LINES, len(FIELDS)):
        number, text = write_row(generator, digits, int(generator.integers(DIGITS[0], DIGITS[1] + 1)), gap, scale=scale)
        number = number[: down + 6, : across - 32]
        y = top + line * down + max(-4, (down - len(number)) // 2 + int(generator.integers(-8, 9)))
        x = left + column * across + int(generator.integers(12, 32))
        part = ink[y : y + number.shape[0], x : x + number.shape[1]]
        np.maximum(part, number, out=part)
        cells[f"{FIELDS[column]} {line + 1}"] = text
    return Image.fromarray(expose(generator, ink, printed, bool(generator.random() < 0.5))), cells


def collect(folder: Path, pages: int, parse: Path) -> list[Sample]:
    """Read generated forms, those that are not in the folder yet, and return their numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    digits, samples = load_digits("validation", parse), []
    (down, across), (top, left) = CELL, CORNER
    edges = [
        (left + i * across, top - 10, left + (i + 1) * across, top + LINES * down + 10) for i in range(len(FIELDS))
    ]
    fields = (
        f'{name} = {{ region = "{",".join(map(str, box))}", digits = "1-7", holds = "lines" }}'
        for name, box in zip(FIELDS, edges, strict=True)
    )
    (folder / "form.toml").write_text("[fields]\n" + "\n".join(fields))
    for number in range(pages):
        read, written = folder / f"p{number:03}.jsonl", folder / f"p{number:03}.json"
        if not written.exists():
            image, cells = draw_page(np.random.default_rng(number), digits)
            image.save(read.with_suffix(".png"))
            written.write_text(json.dumps(cells))
        if not read.exists():
            command = [sys.executable, "-m", "stages", "classify", "--form", folder / "form.toml", "--output", read]
            subprocess.run([*map(str, command), str(read.with_suffix(".png"))], check=True)
        cells = json.loads(written.read_text())
        for row in json.loads(read.read_text())["rows"]:
            truth = cells.get(f"{row['region']} {row['line']}")
            if truth and row["text"]:
                samples.append(Sample(truth, [(row["text"], row["confidence"]), *map(tuple, row["alternatives"])]))
    return samples


def confuse(text: str, truth: str, other: str, confusions: np.ndarray, generator: Generator) -> str:
    """Return what `text` is misread as, if the `truth` is read as the `other`: digits are lost, added, confused."""
    if len(other) < len(truth):
        return text[len(truth) - len(other) :] if truth.endswith(other) else text[: len(text) - len(truth) + len(other)]
    if len(other) > len(truth):
        at = next((i for i, (one, two) in enumerate(zip(truth, other, strict=False)) if one != two), len(truth))
        return text[:at] + other[at : at + len(other) - len(truth)] + text[at:]
    changed = [i for i, (one, two) in enumerate(zip(truth, other, strict=True)) if one != two]
    places = [*text]
    for i in changed:
        at = i % len(text)
        chances = confusions[int(text[at])]
        places[at] = str(generator.choice(10, p=chances / chances.sum()))
    return "".join(places)


def read_number(
    text: str, groups: dict[str, list[Sample]], listed: float, confusions: np.ndarray, generator: Generator
) -> list[tuple[str, float]]:
    """Return what is read where a text is written, as a sample is: texts with their probabilities.

    listed: share of the misread ones whose text is among them.
    """
    is_misread = generator.random() < MISREAD
    sample = choose(groups["misread" if is_misread else "right"], generator)
    found: dict[str, float] = {}
    for other, chance in sample.texts:
        read = text if other == sample.truth else confuse(text, sample.truth, other, confusions, generator)
        if read and (read != text or (other == sample.truth and not is_misread)):
            found.setdefault(read, chance)
    if is_misread and generator.random() < listed and found:
        like = choose(groups["listed"], generator)
        found[text] = min(dict(like.texts)[like.truth], 0.95 * max(found.values()))
    total = max(1.0, sum(found.values()))
    return sorted(((each, chance / total) for each, chance in found.items()), key=lambda each: each[1], reverse=True)


def choose(samples: Sequence[Sample], generator: Generator) -> Sample:
    return samples[int(generator.integers(len(samples)))]


def simulate(samples: Sequence[Sample], listed: float, form: Form) -> str:
    """Return a row of the table: what the totals of columns do to the numbers, given how many misread ones are listed.

    A wrong number is unasked if it has 90 % or more and all of its column adds up.
    """
    generator = np.random.default_rng(0)
    groups = {
        "right": [each for each in samples if each.texts[0][0] == each.truth],
        "misread": [each for each in samples if each.texts[0][0] != each.truth],
        "listed": [each for each in samples if each.truth in dict(each.texts[1:])],
    }
    confusions = np.ones((10, 10)) - np.eye(10)
    for each in groups["misread"]:
        for one, two in zip(each.truth, each.texts[0][0], strict=False):
            confusions[int(one), int(two)] += 5 * (one != two and len(each.truth) == len(each.texts[0][0]))
    counts = Counter[str]()
    for _ in range(COLUMNS):
        values = [
            int(generator.integers(10 ** (digits - 1), 10**digits))
            for digits in generator.integers(DIGITS[0], DIGITS[1] + 1, generator.integers(LENGTHS[0], LENGTHS[1] + 1))
        ]
        truths = [*map(str, values), str(sum(values))]
        rows = []
        for line, truth in enumerate(truths, start=1):
            while not (read := read_number(truth, groups, listed, confusions, generator)):
                pass
            (text, confidence), *others = read
            field, at = ("total", 1) if line == len(truths) else ("number", line)
            box = (0, 0, 9, 9)
            rows.append(RowReading(text, text, confidence, tuple(others), (), box, False, region=field, line=at))
        page = apply_formulas(Reading("a.png", rows=tuple(rows)), form, HABITS)
        for truth, before, after in zip(truths, rows, page.rows, strict=True):
            was_right, is_right = before.text == truth, after.text == truth
            counts["numbers"] += 1
            counts["misread"] += not was_right
            counts["wrong"] += not is_right
            counts["mended"] += is_right and not was_right
            counts["spoiled"] += was_right and not is_right
            counts["sure before"] += not was_right and before.confidence >= CERTAIN
            counts["unasked"] += not is_right and after.confidence >= CERTAIN and not page.problems
            counts["offered"] += not is_right and bool(after.alternatives) and truth == after.alternatives[0][0]
            counts["doubtful"] += is_right and after.confidence < CERTAIN
    names = ("numbers", "misread", "wrong", "mended", "spoiled", "sure before", "unasked", "offered", "doubtful")
    return " | ".join([f"{listed:.0%}", *(f"{counts[name]:,}" for name in names)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--parse", type=Path, default=PARSE)
    options = parser.parse_args()
    samples = collect(options.folder, options.pages, options.parse)
    misread = [each for each in samples if each.texts[0][0] != each.truth]
    unlisted = [each for each in misread if each.truth not in dict(each.texts)]
    kinds = Counter(
        "length" if len(each.truth) != len(each.texts[0][0]) else sum(map(str.__ne__, each.truth, each.texts[0][0]))
        for each in unlisted
    )
    print(f"{len(samples):,} numbers, {len(misread)} misread, {len(unlisted)} of these not listed: {dict(kinds)}")
    (options.folder / "sums.toml").write_text(FORM)
    form = load_form(options.folder / "sums.toml")
    print(
        "listed | numbers | misread | wrong | mended | spoiled | sure before | unasked | offered | right, but doubtful"
    )
    for listed in (1.0, 0.6, 0.3):
        print(simulate(samples, listed, form))


if __name__ == "__main__":
    main()
