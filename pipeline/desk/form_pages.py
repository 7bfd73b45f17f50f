"""Compare the pages of a form: find what may be missing, and make the table with a line for each line."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.desk.arithmetic import apply_formulas, choose_decimal, find_habits
from pipeline.desk.forms.filled import UNFIT
from pipeline.desk.forms.form import Form
from pipeline.reader.batch.boxes import Box
from pipeline.reader.batch.readings import Reading
from pipeline.reader.pages.result import Problem, find_doubt

FULL = 0.6  # of the pages: how many have the same number of rows where a smaller number is a problem
SCANTY = 0.5  # of the median: number of rows that is always one
FEWEST_PAGES = 3  # pages from which what is unusual can be told


def check_pages(found: Sequence[Reading], form: Form) -> list[Reading]:
    """Return what was read with what may be missing or wrong on each page, seen together with the others.

    Problems are fewer rows than on most pages, and lines and sums that do not add up; see `apply_formulas`, which also
    chooses among the readings.
    """
    found = _mark_twice(found)
    read = [page for page in found if not page.error and not find_doubt(page.problems)]
    usual = {field: find_usual(read, field) for field, holds in form.holds.items() if holds == "lines"}
    habits, form = find_habits(read, form), choose_decimal(form, read)
    checked = []
    for page in found:
        if page.error or find_doubt(page.problems):
            checked.append(page)
            continue
        problems = [*page.problems]
        counts = Counter(row.region for row in page.rows)
        for field, most in usual.items():
            if 0 < counts[field] < most:
                problems.append(Problem("few", f"{counts[field]} rows, most pages have {most}", field))
        checked.append(apply_formulas(replace(page, problems=tuple(problems)), form, habits))
    return checked


def _mark_twice(found: Sequence[Reading]) -> list[Reading]:
    """Return what was read, with a problem on each page whose rows are those of a page before it."""
    first: dict[object, str] = {}
    marked = []
    for page in found:
        same = first.setdefault((page.text, page.rows), page.file) if page.rows else page.file
        if same != page.file and not find_doubt(page.problems):
            problem = Problem("twice", f"is the same page as {same}: leave it out")
            page = replace(page, problems=(problem, *page.problems))
        marked.append(page)
    return marked


def find_usual(read: Sequence[Reading], field: str) -> int:
    """Return the number of rows in a field below which a page has too few."""
    counts = [sum(row.region == field for row in page.rows) for page in read]
    if len(counts) < FEWEST_PAGES:
        return 0
    most, pages = Counter(counts).most_common(1)[0]
    return most if pages >= FULL * len(counts) else round(SCANTY * float(np.median(counts)))


def tabulate(page: Reading, form: Form) -> Iterator[dict[str, str]]:
    """Yield the lines of the table for a page: one for each line of the page, then one for each problem.

    A page about which a person is to decide has only a line that says so.

    Fields that hold one number, and those that hold many, have their value in each line of the page.
    """
    if page.error:
        yield {"file": page.file, "check": page.error}
        return
    if doubt := find_doubt(page.problems):
        yield {"file": page.file, "check": doubt.what}
        return
    cells: dict[int, dict[str, str]] = {}
    sure: dict[int, list[float]] = {}
    whole: dict[str, list[str]] = {}
    for row in page.rows:
        holds = form.holds[row.region]
        if holds == "many" or (holds == "one" and row.line):
            whole.setdefault(row.region, []).append(row.text)
            sure.setdefault(0, []).append(row.confidence)
        elif row.line:
            cells.setdefault(row.line, {})[row.region] = row.text
            sure.setdefault(row.line, []).append(row.confidence)
    values = {field: "; ".join(texts) for field, texts in whole.items()}
    if not cells and values:
        cells[1] = {}
    for number in sorted(cells):
        least = min(sure.get(number, []) + sure.get(0, []))
        line = {"file": page.file, "line": str(number), "confidence": f"{least:.4f}"}
        yield {**line, **values, **cells[number]}
    for row in page.rows:
        if not row.line and form.holds[row.region] != "many":
            line = {"file": page.file, "confidence": f"{row.confidence:.4f}", "check": UNFIT}
            yield {**line, row.region: row.text}
    for each in group_problems([each for each in page.problems if each.kind != "unfit"]):
        boxes = "; ".join(",".join(map(str, box)) for box in each.boxes)
        yield {"file": page.file, "check": f"{each}, at {boxes}" if boxes else str(each)}


@dataclass(frozen=True)
class Problems:
    """Problems of one kind in a field of a page, or in a line of it. what: in words. boxes: of all places."""

    what: str
    region: str
    line: int
    boxes: tuple[Box, ...]

    def __str__(self) -> str:
        """Return the problems in words, with their field and line."""
        line = f", line {self.line}" if self.line else ""
        several = f" in {len(self.boxes)} places" if len(self.boxes) > 1 else ""
        return f"{self.region}{line}: {self.what}{several}" if self.region else f"{self.what}{several}"


def group_problems(problems: Sequence[Problem]) -> list[Problems]:
    """Return the problems of a page; those of one kind and field become one, except for those of single lines."""
    boxes: dict[tuple[str, str, int], list[Box]] = {}
    for each in problems:
        line = 0 if each.kind == "ink" else each.line
        boxes.setdefault((each.what, each.region, line), []).extend([each.box] if each.box else [])
    return [Problems(what, region, line, tuple(some)) for (what, region, line), some in boxes.items()]
