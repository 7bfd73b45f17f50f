"""Read the digits in pictures."""

import contextlib
import functools
import itertools
import logging
import os
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from pipeline.engine.command import main
from pipeline.scheduling.progress import progress
from stages.cli.dataset_image import classify_test_image
from stages.cli.options import Workers, scheduler_option
from stages.cli.outputs import check_targets, name_work, publish, summarise, working_folder
from stages.cli.readings import Format, format_csv, format_header, format_json, format_text

if TYPE_CHECKING:
    from pipeline.bulk.folders import Picture
    from pipeline.reader import Reader
    from pipeline.scheduling.backends import Backend

log = logging.getLogger(__name__)

EXTENSIONS = {".csv": format_csv, ".json": format_json, ".jsonl": format_json}
PARALLEL = 64  # pictures from which processes are used; they take as long to start as about 40 pictures take to read


@dataclass(frozen=True)
class Work:
    """Pictures to read and how. copies: the file of the copy of each picture; empty if none are wanted."""

    reader: "Reader"
    pictures: Sequence["Picture"]
    copies: Sequence[Path]
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
        handwriting classify --annotate checked/ --output digits.csv scans/
    """
    from pipeline.engine.errors import UsageError

    if test_image is not None:
        if files or as_json or as_csv or annotate or output:
            raise UsageError("--test-image excludes pictures and the options for their results: leave them out")
        return classify_test_image(test_image, parse, model)
    if not files:
        raise UsageError("no pictures were given: name files or folders, or use --test-image")

    from pipeline.bulk.folders import STDIN, check_new, find_pictures, name_copies
    from pipeline.reader import load
    from pipeline.scheduling.backends import make_backend

    form = _choose_format(as_csv, as_json, output)
    if output and STDIN in files:
        raise UsageError("--output cannot take -, since standard input cannot be resumed: leave it out")
    found = find_pictures(files)
    default = "processes" if workers or len(found) >= PARALLEL else "sync"
    backend = make_backend(scheduler or default, workers)
    copies = name_copies(found, files, annotate) if annotate else []
    if output:
        check_targets([output], [*(Path(picture.path) for picture in found), *copies])
    else:
        check_new(copies)
    work = Work(load(model), found, copies, backend, form)
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


def _read(work: Work, done: int = 0) -> Generator[list[tuple[list[str], str, bytes | None]], None, None]:
    """Yield for each block after the first `done` pictures: the lines about each, its error message or '', its copy.

    Log if only the first page of a picture was read.
    """
    from pipeline.bulk.blocks import read_pictures

    pictures = work.pictures[done:]
    following = iter(pictures)
    report = functools.partial(log.info, "classify: %s")
    with (
        progress("classify", len(work.pictures), done, "pictures") as shown,
        contextlib.closing(read_pictures(work.reader, pictures, work.backend, bool(work.copies), report)) as blocks,
    ):
        for outcomes in blocks:
            block = []
            for result, copy in outcomes:
                picture = next(following)
                error = str(result) if isinstance(result, Exception) else ""
                if not isinstance(result, Exception) and result.more_pages:
                    log.info("%s has several pages or frames: only the first was read", picture.shown)
                block.append((work.form(result, picture.name), error, copy))
            yield block
            shown.advance(len(block))


def _print(work: Work) -> Iterator[str]:
    """Yield the lines to print. Log the pictures that cannot be read; raise PipelineError last."""
    from pipeline.bulk.folders import check_new
    from pipeline.bulk.output import write_file
    from pipeline.engine.errors import PipelineError

    if work.form is format_csv:
        yield format_header()
    failed, total = 0, len(work.pictures)
    with contextlib.closing(_read(work)) as blocks:
        for (lines, error, copy), target in itertools.zip_longest(itertools.chain.from_iterable(blocks), work.copies):
            if copy is not None:
                check_new([target])  # another process may have written it meanwhile
                write_file(target, copy)
            yield from lines
            if error and total == 1:
                raise PipelineError(error)
            if error:
                failed += 1
                log.info("%s", error)
    if failed:
        raise PipelineError(f"{failed:,} of {total:,} pictures could not be read: see the messages above")


def _write(work: Work, output: Path) -> str:
    """Write the lines and the copies, which appear when all pictures are read, or resume; return a summary."""
    from pipeline.bulk.folders import check_new
    from pipeline.bulk.output import LINES, append_block, resume_output, start_output
    from pipeline.engine.errors import PipelineError
    from pipeline.scheduling.journal import JOURNAL

    folder, total, started = name_work(output), len(work.pictures), time.monotonic()
    with working_folder(output, "classify"):
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
            state = start_output(folder, key, [format_header()] if work.form is format_csv else [])
        for parent in {copy.parent for copy in work.copies}:  # fails now rather than when all pictures are read
            parent.mkdir(parents=True, exist_ok=True)
        missing = total - state.done
        with contextlib.closing(_read(work, state.done)) as blocks:
            for block in blocks:
                lines, errors, copies = zip(*block, strict=True)
                for error in filter(None, errors):
                    log.info("%s", error)
                state = append_block(state, list(itertools.chain(*lines)), list(filter(None, errors)), copies)
        # An interrupted run may have moved some of the copies already.
        unpublished = {state.copy_of(index): copy for index, copy in enumerate(work.copies)}
        unpublished = {source: copy for source, copy in unpublished.items() if source.exists()}
        check_new(unpublished.values())  # another process may have written one meanwhile
        for source, copy in unpublished.items():
            publish(source, copy)
        publish(folder / LINES, output)
    if state.errors:
        raise PipelineError(
            f"{len(state.errors):,} of {total:,} pictures could not be read: see the messages above. The results are "
            f"in {output}"
        )
    return f"{summarise(missing, total, 'pictures', time.monotonic() - started)} -> {output}"


def _make_key(work: Work) -> list[Any]:
    from pipeline.scheduling.journal import describe_file, make_key

    pictures = []
    for picture in work.pictures:
        path = Path(picture.path).absolute()
        facts = describe_file(path) if os.path.exists(path) else []  # noqa: PTH110 - see find_pictures
        pictures.append([picture.name, os.fspath(path), facts])
    inputs = [work.reader.digest, work.form.__name__, pictures, [str(copy.absolute()) for copy in work.copies]]
    return make_key(inputs, classify, ["numpy", "pillow", "scipy"])


if __name__ == "__main__":
    main(classify)
