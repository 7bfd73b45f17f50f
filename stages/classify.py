"""Read the digits in pictures."""

import contextlib
import functools
import io
import itertools
import logging
import os
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from pipeline.engine.command import main
from pipeline.engine.terminal import printable
from pipeline.scheduling.progress import progress
from stages.cli.dataset_image import classify_test_image
from stages.cli.options import SchedulerFile, SendData, Workers, scheduler_option
from stages.cli.outputs import check_targets, publish, summarise, working_folder
from stages.cli.readings import Format, format_csv, format_header, format_json, format_text

if TYPE_CHECKING:
    from pipeline.bulk.blocks import Request
    from pipeline.bulk.pictures import Picture
    from pipeline.reader import PictureError, Reader, Result
    from pipeline.scheduling.backends import Backend

log = logging.getLogger(__name__)

EXTENSIONS = {".csv": format_csv, ".json": format_json, ".jsonl": format_json}
PARALLEL = 64  # pictures from which processes are used; they take as long to start as about 40 pictures take to read


@dataclass(frozen=True)
class Work:
    """Pictures to read and how: the arguments that printing and writing share."""

    reader: "Reader"
    requests: Sequence["Request"]
    backend: "Backend"
    form: Format


def classify(
    files: Annotated[
        list[str] | None,
        Argument(metavar="FILE", help="Pictures, folders of pictures, or - for standard input."),
    ] = None,
    test_image: Annotated[
        int | None,
        Option(min=0, help="Index, from 0, of a test image to classify instead of files.", show_default=False),
    ] = None,
    show: Annotated[bool, Option("--show", help="Also draw the test image as text.")] = False,
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
        Path | None,
        Option(
            help="File for the results, instead of standard output: a table if its name ends in .csv, objects if it "
            "ends in .json or .jsonl. An interrupted run resumes.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        scheduler_option(
            f"Backend for the pictures. The default is sync (one after the other) for fewer than {PARALLEL} pictures, "
            "and processes for more; threads, distributed, and the address of a Dask scheduler are also possible (see "
            "predict --help)."
        ),
    ] = None,
    scheduler_file: SchedulerFile = None,
    workers: Workers = None,
    send_data: SendData = False,
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
        handwriting classify --annotate checked/ --output digits.csv scans/
    """
    from pipeline.engine.errors import UsageError

    if test_image is not None:
        if files or as_json or as_csv or annotate or output:
            raise UsageError("--test-image excludes pictures and the options for their results: leave them out")
        return classify_test_image(test_image, show, parse, model)
    if not files:
        raise UsageError("no pictures were given: name files or folders, or use --test-image")

    from pipeline.bulk.pictures import STDIN, check_new, find_pictures, name_copies
    from pipeline.reader import load
    from pipeline.scheduling.backends import make_backend

    if show:
        raise UsageError("--show draws a test image: use it with --test-image")
    form = _choose_format(as_csv, as_json, output)
    if output and STDIN in files:
        raise UsageError("--output cannot take -, since standard input cannot be resumed: leave it out")
    if annotate and send_data:
        raise UsageError("the workers write the copies of --annotate: share the folders instead of --send-data")
    found = find_pictures(files)
    default = "processes" if workers or len(found) >= PARALLEL else "sync"
    backend = make_backend(scheduler or default, workers, scheduler_file, send_data)
    copies = name_copies(found, files, annotate) if annotate else []
    if output:
        check_targets([output], [*(Path(picture.path) for picture in found), *copies])
    else:
        check_new(copies)
    work = Work(load(model), _make_requests(found, copies), backend, form)
    return _write(work, output) if output else _print(work)


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


def _make_requests(found: Sequence["Picture"], copies: Sequence[Path]) -> list["Request"]:
    """Return a request for each picture; `copies` is empty if none are written."""
    from pipeline.bulk.blocks import Request
    from pipeline.bulk.pictures import STDIN
    from pipeline.pictures.decoding import make_seekable

    requests = []
    for picture, copy in itertools.zip_longest(found, copies):
        readable = os.fsencode(picture.name).decode(errors="replace")  # it may be any bytes
        shown = printable(readable)
        source: Any = Path(picture.path).absolute()
        if picture.path == STDIN:
            shown = "standard input"
            source = sys.stdin.buffer if sys.stdin else io.BytesIO()  # None if it is closed
            source = make_seekable(source, shown) if copy else source
        requests.append(Request(readable, shown, source, copy and copy.absolute(), picture.page))
    return requests


def _read(work: Work, done: int = 0) -> Generator[list[tuple[list[str], str]], None, None]:
    """Yield for each block after the first `done` pictures: the lines about each, and its error message or ''."""
    from pipeline.bulk.blocks import read_pictures

    requests = work.requests[done:]
    following = iter(requests)
    report = functools.partial(log.info, "classify: %s")
    with (
        progress("classify", len(work.requests), done, "pictures") as shown,
        contextlib.closing(read_pictures(work.reader, requests, work.backend, report)) as blocks,
    ):
        for results in blocks:
            yield [_describe(next(following), result, work.form) for result in results]
            shown.advance(len(results))


def _describe(request: "Request", result: "Result | PictureError", form: Format) -> tuple[list[str], str]:
    """Return the lines about a picture, and its error message or ''. Log if only its first page was read."""
    if isinstance(result, Exception):
        return form(result, request.file), str(result)
    if result.more_pages and request.page is None:
        log.info("%s has several pages or frames: only the first was read", request.name)
    return form(result, request.file), ""


def _print(work: Work) -> Iterator[str]:
    """Yield the lines to print. Log the pictures that cannot be read; raise PipelineError last."""
    from pipeline.engine.errors import PipelineError

    if work.form is format_csv:
        yield format_header()
    failed, total = 0, len(work.requests)
    with contextlib.closing(_read(work)) as blocks:
        for lines, error in itertools.chain.from_iterable(blocks):
            yield from lines
            if error and total == 1:
                raise PipelineError(error)
            if error:
                failed += 1
                log.info("%s", error)
    if failed:
        raise PipelineError(f"{failed:,} of {total:,} pictures could not be read: see the messages above")


def _write(work: Work, output: Path) -> str:
    """Write the lines to a file that appears when it is complete, and resume an interrupted run; return a summary."""
    from pipeline.bulk.pictures import check_new
    from pipeline.bulk.progress import LINES, append_lines, load_copies, load_progress, start_progress
    from pipeline.engine.errors import PipelineError
    from pipeline.evaluation.predictions import JOURNAL

    folder, total, started = output.parent / f".{output.name}.partial", len(work.requests), time.monotonic()
    with working_folder(folder, output, "classify"):
        key = _make_key(work)
        state = load_progress(folder, key)
        if state:
            log.info("classify: resuming after %s of %s pictures", f"{state.done:,}", f"{total:,}")
            for error in state.errors:
                log.info("%s", error)
        else:
            copies, own = [str(request.copy) for request in work.requests if request.copy], load_copies(folder)
            check_new(Path(copy) for copy in copies if copy not in own)
            if (folder / JOURNAL).exists():
                log.info("classify: starting again: the last run had other pictures or options, model or program")
            state = start_progress(folder, key, [format_header()] if work.form is format_csv else [], copies)
        missing = total - state.done
        with contextlib.closing(_read(work, state.done)) as blocks:
            for block in blocks:
                errors = [error for _, error in block if error]
                for error in errors:
                    log.info("%s", error)
                state = append_lines(folder, state, len(block), [line for lines, _ in block for line in lines], errors)
        publish(folder / LINES, output)
    if state.errors:
        raise PipelineError(
            f"{len(state.errors):,} of {total:,} pictures could not be read: see the messages above. The results are "
            f"in {output}"
        )
    return f"{summarise(missing, total, 'pictures', time.monotonic() - started)} -> {output}"


def _make_key(work: Work) -> list[Any]:
    """Return what influences the lines and the copies, as JSON-like data."""
    from pipeline.engine.fingerprint import fingerprint
    from pipeline.engine.provenance import environment

    pictures = [
        [request.file, str(request.source), str(request.copy), _signature(request.source)] for request in work.requests
    ]
    return [
        work.reader.digest,
        work.form.__name__,
        pictures,
        fingerprint(classify),
        environment(["numpy", "pillow", "scipy"]),
    ]


def _signature(source: Any) -> list[int]:
    """Return size, modification time and change time of a file; nothing if it is missing."""
    try:
        status = source.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


if __name__ == "__main__":
    main(classify)
