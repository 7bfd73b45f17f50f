"""Read the digits in pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from pipeline.engine.command import main
from pipeline.engine.outputs import check_page, check_targets
from pipeline.reader.batch.formats import Format, format_csv, format_json, format_text
from stages.shared.options import Workers, scheduler_option

if TYPE_CHECKING:
    from pipeline.desk.results import Work
    from pipeline.reader.batch.folders import PictureFile

EXTENSIONS = {".csv": format_csv, ".xlsx": format_csv, ".json": format_json, ".jsonl": format_json}
PARALLEL = 64  # pictures from which Dask is used; its processes start as long as about 40 pictures take to read


def classify(
    files: Annotated[
        list[str] | None,
        Argument(
            metavar="FILE",
            help="Pictures, folders of pictures, or - for standard input. A table saved from the --review page becomes "
            "a workbook, with --form and --output FILE.xlsx.",
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        Option(
            metavar="FILE",
            help="File for the results, instead of standard output: a table if its name ends in .csv, with --form "
            "also in .xlsx; objects if it ends in .json or .jsonl. Give it again for another format. "
            "An interrupted run resumes.",
        ),
    ] = None,
    annotate: Annotated[
        Path | None,
        Option(
            help="New folder for copies of the pictures, with a box around each digit and its class above. A "
            "question mark stands for a digit to check (in a red box), or for a possible digit that was not read.",
        ),
    ] = None,
    form: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Form file: fields, regions, patterns, formulas. The table has a column for each field.",
        ),
    ] = None,
    min_confidence: Annotated[
        float, Option(min=0, max=1, help="Withhold rows below this confidence: they have no text.")
    ] = 0.0,
    review: Annotated[
        Path | None,
        Option(help="HTML page on which a person checks what is uncertain."),
    ] = None,
    truth: Annotated[
        Path | None,
        Option(help="Table saved from the --review page: count how many of its rows are read correctly."),
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object per picture, on a line of its own.")] = False,
    model: Annotated[
        Path | None,
        Option(
            help="Model folder, written by detector; or by train or export, for classes other than digits.",
            show_default="artifacts/detector if it exists, otherwise the pretrained model",
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
) -> str | Iterator[str]:
    """Read the digits in drawings, scans and photographs; print them with their confidence.

    A picture shows digits in one or several rows, dark on light or light on dark, on plain, ruled or squared paper.

    Examples:
        handwriting classify photo.jpg scans/
        handwriting classify --json - < photo.png
        handwriting classify --form a.toml --output a.csv --review a.html scans/
    """
    from pipeline.engine.errors import UsageError

    if not files:
        raise UsageError("no pictures were given: name files or folders")

    from pipeline.desk.forms.form import load_form
    from pipeline.desk.reference import complete_form
    from pipeline.desk.results import Work, compare_readings, list_read, print_readings, write_readings
    from pipeline.desk.workbook import convert_table
    from pipeline.reader import load
    from pipeline.reader.batch.blocks import Request
    from pipeline.scheduling.backends import Backend

    if as_json and output:
        raise UsageError(
            "--json prints objects, and --output writes them to a file whose name ends in .jsonl: choose one"
        )
    formats = {path: _find_format(path) for path in output or []}
    if not form and any(path.suffix.lower() == ".xlsx" for path in formats):
        raise UsageError("a table in XLSX has the fields of a form: add --form, or let the name end in .csv")
    if review:
        check_page(review)
    targets = [*formats, *([review] if review else [])]
    described = load_form(form) if form else None
    tables = [Path(file) for file in files if Path(file).suffix.lower() == ".csv"]
    if described and tables:
        if len(files) > 1 or [path.suffix.lower() for path in targets] != [".xlsx"]:
            raise UsageError(f"{tables[0]} is a table, not a picture: name it alone, with --output FILE.xlsx")
        check_targets(targets, tables)
        return convert_table(tables[0], described, targets[0])
    found = _find_files(files, targets, annotate)
    fewest = 1 if scheduler or workers else PARALLEL
    backend = Backend(scheduler or "processes", workers)
    before = list_read(targets[0]) if targets else []
    completed = complete_form(described, [picture for picture, _ in found], before) if described else None
    request = Request(load(model), bool(annotate), bool(review), completed)
    work = Work(request, completed, found, min_confidence, backend, fewest)
    if truth:
        if targets or annotate or as_json:
            raise UsageError("--truth only prints how many rows are correct: leave out the options for results")
        return compare_readings(work, truth)
    if targets:
        return write_readings(work, formats, review, _make_key(work))
    return print_readings(work, format_json if as_json else format_text)


def _find_format(output: Path) -> Format:
    """Return the format that the extension of the output names."""
    from pipeline.engine.errors import UsageError

    if output.suffix.lower() not in EXTENSIONS:
        raise UsageError(
            f"the name '{output.name}' does not say the format: end it in .csv for a table, which spreadsheet programs "
            "open, or in .jsonl for JSON objects"
        )
    return EXTENSIONS[output.suffix.lower()]


def _find_files(
    files: Sequence[str], targets: Sequence[Path], annotate: Path | None
) -> list[tuple["PictureFile", Path | None]]:
    """Return the pictures, each with the file of its copy, None if there is no folder for copies.

    Raises UsageError if the pictures cannot be read again after an interruption, or if a file to be written is also an
    input, or exists already.
    """
    from pipeline.engine.errors import UsageError
    from pipeline.reader.batch.folders import STDIN, check_new, find_pictures, name_copies

    if targets and STDIN in files:
        raise UsageError(
            "--output and --review cannot take -, because standard input cannot be resumed: save the picture to a file"
        )
    found = find_pictures(files)
    copies = name_copies(found, files, annotate) if annotate else []
    if targets:
        check_targets(targets, [*(Path(picture.path) for picture in found), *copies])
    else:
        check_new(copies)
    return [*zip(found, copies, strict=True)] if annotate else [(picture, None) for picture in found]


def _make_key(work: "Work") -> list[Any]:
    """Return what influences the readings besides the contents of the pictures, and where their copies go."""
    from pipeline.engine.resume_log import make_key

    copies = [str(copy.absolute()) for _, copy in work.pictures if copy]
    form = work.form.digest if work.form else None
    return make_key([work.request.reader.digest, form, work.request.views, copies], classify)


if __name__ == "__main__":
    main(classify)
