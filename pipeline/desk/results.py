"""What `classify` does with the pictures that it reads: print the results, write and resume them, compare them."""

import contextlib
import itertools
import logging
import shutil
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.desk.form_pages import check_pages, group_problems, tabulate
from pipeline.desk.forms.form import Form
from pipeline.desk.review_data import describe_form, list_constants, list_pages
from pipeline.desk.truth import compare, load_truth
from pipeline.desk.workbook import make_workbook
from pipeline.engine.documents import convert
from pipeline.engine.errors import PipelineError
from pipeline.engine.outputs import name_work, publish, summarise, working_folder, write_file
from pipeline.engine.progress import progress
from pipeline.engine.resume_log import RESUME_LOG, append_entry, new_log, peek_log, read_log
from pipeline.engine.terminal import name_some, printable
from pipeline.reader.batch.blocks import Request, identify_pictures, read_pictures, rename
from pipeline.reader.batch.boxes import CERTAIN
from pipeline.reader.batch.folders import PictureFile, check_new
from pipeline.reader.batch.formats import Format, format_csv, format_csv_header, format_table
from pipeline.reader.batch.readings import Reading, withhold
from pipeline.reader.batch.table import CHECKED_COLUMNS
from pipeline.scheduling.backends import Backend

log = logging.getLogger(__name__)

COPIES_FOLDER = "copies"  # folder, in a working folder
NAMED = 3  # pictures without a digit, and what may be missing on pages of a form, that are named


@dataclass(frozen=True)
class Work:
    """Pictures to read and how. pictures: each with the file of its copy, None if no copies are wanted.

    form: the one of the request. least: confidence below which a row is withheld. backend: where `fewest` or more
    pictures are read; fewer are read one after the other.
    """

    request: Request
    form: Form | None
    pictures: Sequence[tuple[PictureFile, Path | None]]
    least: float
    backend: Backend
    fewest: int


def _read(work: Work, done: int = 0) -> Generator[list[tuple[Reading, bytes | None]], None, None]:
    """Yield for each block: what was read in each picture, and its copy. done: number of those that were read before.

    Log if only the first page of a picture was read, and the pictures of several that cannot be read.
    """
    pictures = [picture for picture, _ in work.pictures]
    total, following = done + len(pictures), iter(pictures)
    read = read_pictures(work.request, pictures, work.backend if len(pictures) >= work.fewest else None)
    with progress("classify", total, "pictures", done) as shown, contextlib.closing(read) as blocks:
        for block in blocks:
            for (reading, _), picture in zip(block, following, strict=False):
                if reading.more_pages:
                    log.info("%s has several pages or frames: only the first was read", picture.shown)
                if reading.error and total > 1:
                    log.info("%s", reading.error)
            yield block
            shown.advance(len(block))


def print_readings(work: Work, write: Format) -> Iterator[str]:
    """Yield the lines to print; log last which of several pictures have no digit.

    Pages of a form are printed when all of them are read; what may be missing is logged instead. Raise PipelineError if
    a picture cannot be read.
    """
    form = work.form
    errors: list[str] = []
    empty: list[Reading] = []
    found: list[Reading] = []
    with contextlib.closing(_read(work)) as blocks:
        outcomes = itertools.chain.from_iterable(blocks)
        for (reading, copy), (_, target) in zip(outcomes, work.pictures, strict=True):
            if copy and target:
                check_new([target])  # another process may have written it meanwhile
                write_file(target, copy)
            if form:
                found.append(reading)
            else:
                yield from write(withhold(reading, work.least))
            errors += _list_errors([reading])
            empty += _list_empty([reading])
    if form:
        found, remains = _complete(found, work)
        yield from _format_all(found, write, form)
        log.info("%s", remains)
    elif empty and len(work.pictures) > 1:
        log.info("%s", _describe_empty(empty, len(work.pictures)))
    _refuse(errors, len(work.pictures))


def write_readings(work: Work, formats: Mapping[Path, Format], review: Path | None, key: Any) -> str:
    """Write the results and the copies, which appear when all pictures are read; return a summary.

    Until then, the working folder of the first file has the copies, and a resume log with what was read in each block.
    With a form or a review page, whose piles grow, the log stays. What it has of a picture of the same content under
    the same key, which is all else that influences the results, is not read again.
    """
    targets = [*formats, *([review] if review else [])]
    folder, total, started = name_work(targets[0]), len(work.pictures), time.monotonic()
    hidden = folder / COPIES_FOLDER
    copies = {hidden / f"{index}.png": copy for index, (_, copy) in enumerate(work.pictures) if copy}
    keep = bool(work.form or review) and not copies
    with working_folder(targets[0], "classify", keep):
        entries = read_log(folder, key)
        known = convert([reading for block in entries or () for reading in block], list[Reading])
        readings = _find_known(work, known, hidden)
        done = len(readings)
        if done:
            log.info("classify: %s of %s pictures were read before", f"{done:,}", f"{total:,}")
        else:
            check_new(copies.values())
            if entries is None and (folder / RESUME_LOG).exists():
                log.info("classify: starting again: the last run had another form, model or program, or other options")
            with new_log(folder, key):
                shutil.rmtree(hidden, ignore_errors=True)
        for parent in {copy.parent for copy in copies.values()}:  # fails now rather than when all pictures are read
            parent.mkdir(parents=True, exist_ok=True)
        rest = [index for index in range(total) if index not in readings]
        following = iter(rest)
        with contextlib.closing(_read(replace(work, pictures=[work.pictures[i] for i in rest]), done)) as blocks:
            for block in blocks:
                for (reading, copy), index in zip(block, following, strict=False):
                    if copy is not None:
                        write_file(hidden / f"{index}.png", copy)
                    readings[index] = reading
                append_entry(folder, [asdict(reading) for reading, _ in block])  # after its copies are on the disk
        # An interrupted run may have moved some of the copies already.
        unpublished = {source: copy for source, copy in copies.items() if source.exists()}
        check_new(unpublished.values())  # another process may have written one meanwhile
        for source, target in unpublished.items():
            publish(source, target)
        found, remains = _complete([readings[index] for index in range(total)], work)
        _publish_results(found, formats, review, work.form)
    where = ", ".join(map(str, targets))
    errors, empty = _list_errors(found), _list_empty(found)
    if errors and empty:
        log.info("%s", _describe_empty(empty, total))
    _refuse(errors, total, f". The results are in {where}")
    if empty and not work.form:
        remains += f"; {_describe_empty(empty, total)}"
    return f"{summarise(total - done, total, 'pictures', time.monotonic() - started)} -> {where}\n{remains}"


def list_read(target: Path) -> list[str]:
    """Return the names of the pictures that earlier runs for this file have read, in their order."""
    # The log may be of another command.
    blocks = [block for block in peek_log(name_work(target)) if isinstance(block, list)]
    return [reading["file"] for block in blocks for reading in block if isinstance(reading, dict)]


def _find_known(work: Work, known: Sequence[Reading], hidden: Path) -> dict[int, Reading]:
    """Return what was read before in the pictures, by their index. hidden: the folder of unpublished copies."""
    by_id = {reading.id: reading for reading in known if not reading.error}
    found: dict[int, Reading] = {}
    identities = identify_pictures([picture for picture, _ in work.pictures]) if by_id else ()
    for (index, (picture, copy)), identity in zip(enumerate(work.pictures), identities, strict=False):
        reading = by_id.get(identity)
        if reading and copy:  # a copy is of the picture that had this name
            is_there = (hidden / f"{index}.png").exists() or copy.exists()
            reading = reading if is_there and reading.file == picture.name else None
        if reading:
            found[index] = rename(reading, picture)
    return found


def _complete(found: Sequence[Reading], work: Work) -> tuple[list[Reading], str]:
    """Return what was read, without withheld texts, and what remains for a person to check, in words.

    On pages of a form, the formulas are applied, and problems name what may be missing or wrong.
    """
    form = work.form
    found = check_pages(found, form) if form else found
    checked = [withhold(reading, work.least) for reading in found]
    rows = [row for reading in checked for row in reading.rows]
    sure = sum(row.confidence >= CERTAIN for row in rows)
    which = f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'} {'has' if 1 in (sure, len(rows)) else 'have'}"
    remains = f"{sure:,} of {which} {CERTAIN:.0%} or more; {len(rows) - sure:,} to check"
    if not form:
        return checked, remains
    problems = [(page.file, each) for page in checked for each in group_problems(page.problems)]
    problems.sort(key=lambda problem: bool(problem[1].region))  # first those of pages as a whole
    named = [f"{printable(name)} ({printable(str(each))})" for name, each in problems]
    first = f"; look first at {name_some(named, NAMED)}" if problems else "; nothing seems to be missing"
    return checked, remains + first


def _format_all(found: Sequence[Reading], write: Format, form: Form | None) -> Iterator[str]:
    """Yield the lines of a file with all results."""
    if form and write is format_csv:
        yield from format_table((line for page in found for line in tabulate(page, form)), form.holds)
        return
    if write is format_csv:
        yield format_csv_header()
    for reading in found:
        yield from write(reading)


def _publish_results(
    found: Sequence[Reading], formats: Mapping[Path, Format], review: Path | None, form: Form | None
) -> None:
    """Write each file from what was read."""
    if review:
        from pipeline.desk.review.review import render_review  # only now: it imports Jinja

        unread = [{"file": reading.file, "error": reading.error} for reading in found if reading.error]
        values = {**describe_form(form, found), "columns": CHECKED_COLUMNS, "unread": unread}
        page = render_review(list_pages(found, form), review, list_constants(), **values)
        write_file(review, page.encode())
    for target, write in formats.items():
        if form and target.suffix.lower() == ".xlsx":
            write_file(target, make_workbook((line for page in found for line in tabulate(page, form)), form))
            continue
        body = _format_all(found, write, form)
        write_file(target, "".join(f"{line}\n" for line in body).encode(errors="replace"))


def compare_readings(work: Work, truth: Path) -> Iterator[str]:
    """Read the pictures, and yield how many of the rows that a person has checked are read correctly.

    Raise PipelineError last if a picture cannot be read.
    """
    wanted = load_truth(truth)
    with contextlib.closing(_read(work)) as blocks:
        found, _ = _complete([reading for reading, _ in itertools.chain.from_iterable(blocks)], work)
    yield compare(found, wanted, truth)
    _refuse(_list_errors(found), len(found))


def _list_errors(found: Sequence[Reading]) -> list[str]:
    return [reading.error for reading in found if reading.error]


def _list_empty(found: Sequence[Reading]) -> list[Reading]:
    return [reading for reading in found if not (reading.error or reading.rows)]


def _describe_empty(empty: Sequence[Reading], total: int) -> str:
    """Return how many pictures have no digit, and the names of the first of them."""
    names = [printable(reading.file) for reading in empty]
    return f"{len(empty):,} of {total:,} pictures without a digit: {name_some(names, NAMED)}"


def _refuse(errors: Sequence[str], total: int, end: str = "") -> None:
    """Raise PipelineError if pictures could not be read. end: of its message."""
    if errors:
        several = f"{len(errors):,} of {total:,} pictures could not be read: see the messages above"
        raise PipelineError((errors[0] if total == 1 else several) + end)
