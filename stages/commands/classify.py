"""Read the digits in pictures."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from pipeline.engine.command import main
from stages.commands.shared.dataset_image import classify_test_image
from stages.commands.shared.outputs import check_targets
from stages.commands.shared.picture_results import Work, compare_readings, print_readings, write_readings
from stages.commands.shared.readings import Format, format_csv, format_json, format_text
from stages.shared.options import Workers, scheduler_option

EXTENSIONS = {".csv": format_csv, ".json": format_json, ".jsonl": format_json}
PARALLEL = 64  # pictures from which Dask is used; its processes start as long as about 40 pictures take to read


def classify(
    files: Annotated[
        list[str] | None,
        Argument(metavar="FILE", help="Pictures, folders of pictures, or - for standard input."),
    ] = None,
    output: Annotated[
        list[Path] | None,
        Option(
            metavar="FILE",
            help="File for the results, instead of standard output: a table if its name ends in .csv, objects if it "
            "ends in .json or .jsonl. Give it again for another format. An interrupted run resumes.",
        ),
    ] = None,
    annotate: Annotated[
        Path | None,
        Option(
            help="New or empty folder for copies of the pictures, with a box around each digit and its class above. A "
            "red box with a question mark marks a digit to check, or a possible digit that was not read.",
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        Option(
            metavar="[NAME=]REGION",
            help="Part of each page to read, as LEFT,TOP,RIGHT,BOTTOM in pixels or percent of the page (%). Give it "
            "several times, with names, for several parts.",
        ),
    ] = None,
    digits: Annotated[
        list[str] | None,
        Option(
            metavar="[NAME=]COUNT",
            help="Number of digits in each row, such as 5 or 3-6, not counting spaces and separators. With NAME=, it "
            "applies only to that region.",
        ),
    ] = None,
    pattern: Annotated[
        list[str] | None,
        Option(
            metavar="[NAME=]PATTERN",
            help="What each row looks like: a regular expression of digits, spaces and separators, such as "
            "'\\d+[.,]\\d\\d'. Spaces and separators count only if a part of the expression stands for one.",
        ),
    ] = None,
    min_confidence: Annotated[
        float, Option(min=0, max=1, help="Leave rows with a lower confidence to a person, without a reading.")
    ] = 0.0,
    review: Annotated[
        Path | None,
        Option(help="HTML file in which a person checks the rows, the least certain first."),
    ] = None,
    truth: Annotated[
        Path | None,
        Option(
            help="Table saved from the page of --review, with which to count the rows that are read correctly.",
        ),
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object per picture, on a line of its own.")] = False,
    as_csv: Annotated[
        bool, Option("--csv", help="Print a table of comma-separated values, with a line for each row of digits.")
    ] = False,
    model: Annotated[
        Path | None,
        Option(
            help="Model folder, written by reader; or by train or export, for --test-image and for other classes than "
            "digits.",
            show_default="artifacts/reader, or artifacts/train with --test-image, if it exists; "
            "otherwise the pretrained model",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        scheduler_option(
            f"Where Dask reads the pictures, as for predict. By default, {PARALLEL} or more pictures are read in "
            "processes, and fewer one after the other."
        ),
    ] = None,
    workers: Workers = None,
    test_image: Annotated[
        int | None,
        Option(min=0, help="Index, from 0, of a test image to classify instead of files."),
    ] = None,
    parse: Annotated[Path, Option(help="Raw arrays for --test-image, written by parse.")] = Path("artifacts/parse"),
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

    from pipeline.reader import load
    from pipeline.reader.many.blocks import Wanted
    from pipeline.reader.many.folders import STDIN, check_new, find_pictures, name_copies
    from pipeline.reader.pages.regions import make_regions
    from pipeline.scheduling.backends import Backend

    if as_csv + as_json + bool(output) > 1:
        raise UsageError("--csv, --json and --output exclude each other: choose one; a file has the format of its name")
    forms = {path: _find_format(path) for path in output or []}
    targets = [*forms, *([review] if review else [])]
    if targets and STDIN in files:
        raise UsageError("--output and --review cannot take -, since standard input cannot be resumed: leave it out")
    patterns = [_name_pattern(each) for each in digits or []]
    regions = make_regions(region or [], [*patterns, *(pattern or [])])
    found = find_pictures(files)
    in_parallel = scheduler or workers or len(found) >= PARALLEL
    backend = Backend(scheduler or "processes", workers) if in_parallel else None
    copies = name_copies(found, files, annotate) if annotate else []
    if targets:
        check_targets(targets, [*(Path(picture.path) for picture in found), *copies])
    else:
        check_new(copies)
    wanted = Wanted(load(model), bool(copies), bool(review), regions)
    work = Work(wanted, found, min_confidence, copies, backend)
    if truth:
        if targets or annotate or as_json or as_csv:
            raise UsageError("--truth only prints how much is right: leave the options for results out")
        return compare_readings(work, truth)
    if targets:
        return write_readings(work, forms, review, _make_key(work))
    return print_readings(work, format_csv if as_csv else format_json if as_json else format_text)


def _name_pattern(digits: str) -> str:
    """Return the pattern of --digits, as in 5 or amount=3-6."""
    from pipeline.reader.rows.expected import count_digits

    name, named, count = digits.rpartition("=")
    return f"{name}{named}{count_digits(count)}"


def _find_format(output: Path) -> Format:
    """Return the format that the extension of the output names."""
    from pipeline.engine.errors import UsageError

    if output.suffix.lower() not in EXTENSIONS:
        raise UsageError(
            f"the name {output} does not say the format: end it in .csv for a table, which spreadsheet programs open, "
            "or in .jsonl for JSON objects"
        )
    return EXTENSIONS[output.suffix.lower()]


def _make_key(work: Work) -> list[Any]:
    from pipeline.engine.digests import settle
    from pipeline.scheduling.journal import make_key

    pictures = []
    for picture in work.pictures:
        path = Path(picture.path).absolute()
        pictures.append([picture.name, os.fspath(path), settle(path)])
    copies = [str(copy.absolute()) for copy in work.copies]
    wanted = work.wanted
    inputs = [wanted.reader.digest, list(map(repr, wanted.regions)), work.least, wanted.crops, pictures, copies]
    return make_key(inputs, classify, ["numpy", "pillow", "scipy"])


if __name__ == "__main__":
    main(classify)
