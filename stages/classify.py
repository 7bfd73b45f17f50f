"""Read the digits in pictures."""

import contextlib
import functools
import itertools
import json
import logging
import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from pipeline.engine.command import main
from pipeline.scheduling.progress import progress
from stages.cli.dataset_image import classify_test_image
from stages.cli.options import Workers, scheduler_option
from stages.cli.outputs import check_targets, name_work, publish, summarise, working_folder
from stages.cli.readings import Facts, Format, describe, format_csv, format_header, format_json, format_text

if TYPE_CHECKING:
    from pipeline.bulk.folders import Picture
    from pipeline.pictures.regions import Region
    from pipeline.reader import Reader
    from pipeline.scheduling.backends import Backend

log = logging.getLogger(__name__)

EXTENSIONS = {".csv": format_csv, ".json": format_json, ".jsonl": format_json}
CERTAIN = 0.9  # confidence from which a row need not be checked
PARALLEL = 64  # pictures from which processes are used; they take as long to start as about 40 pictures take to read


@dataclass(frozen=True)
class Work:
    """Pictures to read and how. copies: the file of the copy of each picture; empty if none are wanted.

    least: confidence below which a row is left to a person. crops: whether images of the rows are wanted.
    """

    reader: "Reader"
    pictures: Sequence["Picture"]
    regions: Sequence["Region"]
    least: float
    copies: Sequence[Path]
    crops: bool
    backend: "Backend"


def classify(
    files: Annotated[
        list[str] | None,
        Argument(metavar="FILE", help="Pictures, folders of pictures, or - for standard input."),
    ] = None,
    test_image: Annotated[
        int | None,
        Option(min=0, help="Index, from 0, of a test image to classify instead of files.", show_default=False),
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object per picture, on a line of its own.")] = False,
    as_csv: Annotated[
        bool, Option("--csv", help="Print a table of comma-separated values, with a line for each row of digits.")
    ] = False,
    annotate: Annotated[
        Path | None,
        Option(
            help="New or empty folder for copies of the pictures, with a box around each digit and its class above. A "
            "red box with a question mark marks a digit to check, or something that may be a digit.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        Option(
            metavar="FILE",
            help="File for the results, instead of standard output: a table if its name ends in .csv, objects if it "
            "ends in .json or .jsonl. Give it again for another format. An "
            "interrupted run resumes.",
            show_default=False,
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        Option(
            metavar="[NAME=]REGION",
            help="Part of each page to read: LEFT,TOP,RIGHT,BOTTOM, in pixels or with % of the page. Give it again, "
            "with a name, for another one.",
            show_default=False,
        ),
    ] = None,
    digits: Annotated[
        list[str] | None,
        Option(
            metavar="[NAME=]COUNT",
            help="Digits of the number in each row, such as 5 or 3-6, in all regions or in that with this name.",
            show_default=False,
        ),
    ] = None,
    pattern: Annotated[
        list[str] | None,
        Option(
            metavar="[NAME=]PATTERN",
            help="What each row looks like: a regular expression of digits and spaces, such as '[0-3]?\\d [01]?\\d'.",
            show_default=False,
        ),
    ] = None,
    min_confidence: Annotated[
        float, Option(min=0, max=1, help="Confidence below which a row is left to a person, unread.")
    ] = 0.0,
    review: Annotated[
        Path | None,
        Option(help="HTML file in which a person checks the rows, the least certain first.", show_default=False),
    ] = None,
    truth: Annotated[
        Path | None,
        Option(
            help="Table from such a page, with what a person has read: print how many of its rows are read correctly.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        scheduler_option(
            f"Backend for the pictures. The default is sync (one after the other) for fewer than {PARALLEL} pictures, "
            "and processes for more; threads and the address of a Dask scheduler are also possible (see predict "
            "--help)."
        ),
    ] = None,
    workers: Workers = None,
    parse: Annotated[Path, Option(help="Raw arrays, written by parse, for --test-image.")] = Path("artifacts/parse"),
    model: Annotated[
        Path | None,
        Option(
            help="Model folder, written by reader, train or export. A model of the ten digits that train or export "
            "has written is used only with --test-image.",
            show_default="artifacts/reader, or artifacts/train with --test-image, if it exists; "
            "otherwise the pretrained model",
        ),
    ] = None,
) -> str | Iterator[str]:
    """Read the digits in drawings, scans and photographs; print them with their confidence.

    A picture shows digits in one or several rows, dark on light or light on dark, on plain, ruled or squared paper.
    With *--test-image*, the command prints the probabilities of all classes and the true class of one test image.

    Examples:
        handwriting classify photo.jpg scans/
        handwriting classify --json - < photo.png
        handwriting classify --digits 5 --output a.csv --review a.html scans/
    """
    from pipeline.engine.errors import UsageError

    if test_image is not None:
        if files or as_json or as_csv or annotate or output or region or digits or pattern or review or truth:
            raise UsageError("--test-image excludes pictures and the options for their results: leave them out")
        return classify_test_image(test_image, parse, model)
    if not files:
        raise UsageError("no pictures were given: name files or folders, or use --test-image")

    from pipeline.bulk.folders import STDIN, check_new, find_pictures, name_copies
    from pipeline.pictures.regions import make_regions
    from pipeline.reader import load
    from pipeline.scheduling.backends import make_backend

    forms = {path: _choose_format(as_csv, as_json, path) for path in output or []}
    targets = [*forms, *([review] if review else [])]
    if targets and STDIN in files:
        raise UsageError("--output and --review cannot take -, since standard input cannot be resumed: leave it out")
    patterns = [_name_pattern(each) for each in digits or []]
    regions = make_regions(region or [], [*patterns, *(pattern or [])])
    found = find_pictures(files)
    default = "processes" if workers or len(found) >= PARALLEL else "sync"
    backend = make_backend(scheduler or default, workers)
    copies = name_copies(found, files, annotate) if annotate else []
    if targets:
        check_targets(targets, [*(Path(picture.path) for picture in found), *copies])
    else:
        check_new(copies)
    work = Work(load(model), found, regions, min_confidence, copies, bool(review), backend)
    if truth:
        if targets or annotate or as_json or as_csv:
            raise UsageError("--truth only prints how much is right: leave the options for results out")
        return _compare(work, truth)
    return _write(work, forms, review) if targets else _print(work, _choose_format(as_csv, as_json, None))


def _name_pattern(digits: str) -> str:
    """Return the pattern of --digits, as in 5 or amount=3-6."""
    from pipeline.model.expected import count_digits

    name, named, count = digits.rpartition("=")
    return f"{name}{named}{count_digits(count)}"


def _choose_format(as_csv: bool, as_json: bool, output: Path | None) -> Format:
    """Return the format that the options or the extension of the output name."""
    from pipeline.engine.errors import UsageError

    if as_csv and as_json:
        raise UsageError("--csv and --json cannot be combined: choose one of them")
    given = format_csv if as_csv else format_json if as_json else None
    named = EXTENSIONS.get(output.suffix.lower()) if output else None
    if given and named and given is not named:
        option = "--csv" if as_csv else "--json"
        raise UsageError(f"{option} contradicts the extension of {output}: leave the option out, or rename the file")
    if output and not (given or named):
        raise UsageError(
            f"the name {output} does not say the format: end it in .csv for a table, which spreadsheet programs open, "
            "or in .jsonl for JSON objects"
        )
    return given or named or format_text


def _read(work: Work, done: int = 0) -> Generator[list[tuple[Facts, bytes | None]], None, None]:
    """Yield for each block after the first `done` pictures: what was read in each, and its copy.

    Log if only the first page of a picture was read.
    """
    from pipeline.bulk.blocks import read_pictures

    pictures = work.pictures[done:]
    following = iter(pictures)
    report = functools.partial(log.info, "classify: %s")
    wanted = read_pictures(work.reader, pictures, work.backend, bool(work.copies), work.crops, work.regions, report)
    with progress("classify", len(work.pictures), done, "pictures") as shown, contextlib.closing(wanted) as blocks:
        for outcomes in blocks:
            block = []
            for result, copy, crops in outcomes:
                picture = next(following)
                if not isinstance(result, Exception) and result.more_pages:
                    log.info("%s has several pages or frames: only the first was read", picture.shown)
                facts = describe(result, picture.name, work.least)
                for row, crop in zip(facts.get("rows", ()), crops, strict=False):
                    row["crop"] = crop
                block.append((facts, copy))
            yield block
            shown.advance(len(block))


def _print(work: Work, form: Format) -> Iterator[str]:
    """Yield the lines to print. Log the pictures that cannot be read; raise PipelineError last."""
    from pipeline.bulk.folders import check_new
    from pipeline.bulk.output import write_file
    from pipeline.engine.errors import PipelineError

    if form is format_csv:
        yield format_header()
    failed, total = 0, len(work.pictures)
    with contextlib.closing(_read(work)) as blocks:
        for (facts, copy), target in itertools.zip_longest(itertools.chain.from_iterable(blocks), work.copies):
            if copy is not None:
                check_new([target])  # another process may have written it meanwhile
                write_file(target, copy)
            yield from form(facts)
            if "error" in facts and total == 1:
                raise PipelineError(facts["error"])
            if "error" in facts:
                failed += 1
                log.info("%s", facts["error"])
    if failed:
        raise PipelineError(f"{failed:,} of {total:,} pictures could not be read: see the messages above")


def _write(work: Work, forms: Mapping[Path, Format], review: Path | None) -> str:
    """Write the results and the copies, which appear when all pictures are read, or resume; return a summary.

    Until then, the working folder of the first file has what was read, in JSON.
    """
    from pipeline.bulk.folders import check_new
    from pipeline.bulk.output import LINES, append_block, resume_output, start_output
    from pipeline.engine.errors import PipelineError
    from pipeline.scheduling.journal import JOURNAL

    targets = [*forms, *([review] if review else [])]
    folder, total, started = name_work(targets[0]), len(work.pictures), time.monotonic()
    with working_folder(targets[0], "classify"):
        key = _make_key(work)
        state = resume_output(folder, key)
        if state:
            log.info("classify: resuming after %s of %s pictures", f"{state.done:,}", f"{total:,}")
            for error in state.errors:
                log.info("%s", error)
        else:
            check_new(work.copies)
            if (folder / JOURNAL).exists():
                log.info("classify: starting again: the last run had other pictures or options, model or program")
            state = start_output(folder, key, [])
        for parent in {copy.parent for copy in work.copies}:  # fails now rather than when all pictures are read
            parent.mkdir(parents=True, exist_ok=True)
        missing = total - state.done
        with contextlib.closing(_read(work, state.done)) as blocks:
            for block in blocks:
                facts, copies = zip(*block, strict=True)
                errors = [each["error"] for each in facts if "error" in each]
                for error in errors:
                    log.info("%s", error)
                state = append_block(state, [json.dumps(each) for each in facts], errors, copies)
        # An interrupted run may have moved some of the copies already.
        unpublished = {state.copy_of(index): copy for index, copy in enumerate(work.copies)}
        unpublished = {source: copy for source, copy in unpublished.items() if source.exists()}
        check_new(unpublished.values())  # another process may have written one meanwhile
        for source, copy in unpublished.items():
            publish(source, copy)
        counts = _publish_results(folder / LINES, forms, review)
    where = ", ".join(map(str, targets))
    if state.errors:
        raise PipelineError(
            f"{len(state.errors):,} of {total:,} pictures could not be read: see the messages above. The results are "
            f"in {where}"
        )
    sure, rows = counts
    remains = f"{sure:,} of {rows:,} rows have {CERTAIN:.0%} or more; {rows - sure:,} to check"
    return f"{summarise(missing, total, 'pictures', time.monotonic() - started)} -> {where}\n{remains}"


def _publish_results(lines: Path, forms: Mapping[Path, Format], review: Path | None) -> tuple[int, int]:
    """Write each file from what was read; return how many rows are certain, and how many there are."""
    from pipeline.bulk.output import write_file

    sure = rows = 0
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(open(lines, encoding="utf-8"))
        found = [json.loads(line) for line in source]
    if review:
        from pipeline.html.review_page import render_review

        write_file(review, render_review(found, review.parent).encode())
    for facts in found:
        for row in facts.get("rows", ()):
            row.pop("crop", None)
            sure, rows = sure + (row["confidence"] >= CERTAIN), rows + 1
    for target, form in forms.items():
        head = [format_header()] if form is format_csv else []
        body = itertools.chain(head, *(form(facts) for facts in found))
        write_file(target, "".join(f"{line}\n" for line in body).encode(errors="replace"))
    return sure, rows


def _compare(work: Work, truth: Path) -> str:
    """Read the pictures, and return how many of the rows that a person has checked are read correctly."""
    from pipeline.bulk.truth import compare, load_truth

    wanted = load_truth(truth)
    with contextlib.closing(_read(work)) as blocks:
        found = [facts for facts, _ in itertools.chain.from_iterable(blocks)]
    for facts in found:
        if "error" in facts:
            log.info("%s", facts["error"])
    return compare(found, wanted, truth)


def _make_key(work: Work) -> list[Any]:
    from pipeline.scheduling.journal import describe_file, make_key

    pictures = []
    for picture in work.pictures:
        path = Path(picture.path).absolute()
        facts = describe_file(path) if os.path.exists(path) else []  # noqa: PTH110 - see find_pictures
        pictures.append([picture.name, os.fspath(path), facts])
    copies = [str(copy.absolute()) for copy in work.copies]
    inputs = [work.reader.digest, list(map(repr, work.regions)), work.least, work.crops, pictures, copies]
    return make_key(inputs, classify, ["numpy", "pillow", "scipy"])


if __name__ == "__main__":
    main(classify)
