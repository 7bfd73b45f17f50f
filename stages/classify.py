"""Read the digits in pictures."""

import contextlib
import csv
import functools
import io
import logging
import os
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from stages.cli.console import run_module
from stages.cli.options import ModelFolder
from stages.cli.terminal import printable, to_json

if TYPE_CHECKING:
    from pipeline.pictures.files import PictureError
    from pipeline.reader import Reader, Result

log = logging.getLogger(__name__)

STDIN = "-"
COLUMNS = ("file", "digits", "confidence", "alternative", "alternative_confidence")  # of --csv
PARALLEL = 16  # pictures from which several processes are used; they take as long to start as a dozen takes to read
MAX_PROCESSES = 8  # each may need 600 MB for the largest pictures

Request = tuple[str, Path | None]  # name of a picture, and of the copy with boxes to write


def classify(
    files: Annotated[
        list[str] | None,
        Argument(metavar="FILE", help="Pictures, folders of pictures, or - for standard input."),
    ] = None,
    test_image: Annotated[
        int | None, Option(min=0, help="Index of a test image, from 0, instead of files.", show_default=False)
    ] = None,
    show: Annotated[bool, Option("--show", help="Also draw the network's input as text.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print one line of JSON per picture.")] = False,
    as_csv: Annotated[bool, Option("--csv", help="Print a table of comma-separated values.")] = False,
    annotate: Annotated[
        Path | None,
        Option(help="Folder for a copy of each picture with a box and the class of each digit.", show_default=False),
    ] = None,
    parse: Annotated[Path, Option(help="Artifact of parse, for --test-image.")] = Path("artifacts/parse"),
    model: ModelFolder = None,
) -> str | Iterator[str]:
    """Classify the digits in drawings, scans and photographs; print each with its confidence.

    A picture shows digits in one or several rows, dark on light or light on dark, of any size; uneven light is
    corrected. With *--test-image*, print the probabilities of all classes and the true class of one test image.

    Examples:
        handwriting classify photo.jpg scans/
        handwriting classify --json - < photo.png
        handwriting classify --csv --annotate checked/ scans/ > digits.csv
    """
    from pipeline.engine.errors import UsageError

    if test_image is None and files:
        if as_csv + as_json + show > 1:
            raise UsageError("--csv, --json and --show cannot be combined: choose one of them")
        return _read_files(files, model, show, as_json, as_csv, annotate)
    if test_image is None or files or as_json or as_csv or annotate:
        raise UsageError(
            "name the pictures to read, or use --test-image without pictures, --json, --csv and --annotate"
        )
    return _classify_test_image(test_image, show, parse, model)


def _read_files(
    names: Sequence[str], model: Path | None, show: bool, as_json: bool, as_csv: bool, annotate: Path | None
) -> Iterator[str]:
    """Yield the lines to print. Log the pictures that cannot be read; raise PipelineError last."""
    from tqdm import tqdm

    from pipeline.engine.errors import PipelineError
    from pipeline.pictures.files import PictureError
    from pipeline.reader import load
    from stages.cli.drawing import draw

    found = _find_pictures(names)
    copies = _name_copies([inner for _, inner in found], annotate) if annotate else [None] * len(found)
    requests = [(name, copy) for (name, _), copy in zip(found, copies, strict=True)]
    reader = load(model)
    failed = 0
    if as_csv:
        yield _format_row(COLUMNS)
    tqdm.monitor_interval = 0  # its thread would take the signals that are blocked while processes start
    bar = tqdm(requests, unit="picture", leave=False, disable=None if len(requests) > 1 else True)
    with contextlib.closing(_read_all(reader, requests)) as results:
        for (name, _), result in zip(bar, results, strict=True):
            readable = _readable(name)
            if isinstance(result, PictureError):
                failed += 1
                if as_json:
                    yield to_json({"file": readable, "error": str(result)})
                if len(requests) == 1:
                    raise result
                log.info("%s", result)
                continue
            if show and len(result.images):
                yield draw(result.images)
            if as_json:
                yield to_json(_to_dict(result, readable))
            else:
                yield _format_row(_to_row(result, readable)) if as_csv else _format_line(result, readable)
    if failed:
        raise PipelineError(f"{failed:,} of {len(requests):,} pictures could not be read: see the messages above")


def _readable(name: str) -> str:
    """Return the name of a file, which may be any bytes, as valid text."""
    return os.fsencode(name).decode(errors="replace")


def _find_pictures(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names, with each folder replaced by the pictures at any depth in it, sorted.

    The second string of each pair is the name relative to the folder.
    """
    from pipeline.engine.errors import PipelineError
    from pipeline.pictures.files import SUFFIXES

    found: list[tuple[str, str]] = []
    for name in names:
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises if the name is too long
            found.append((name, "stdin" if name == STDIN else Path(name).name))
            continue
        paths = (path for path in Path(name).rglob("*") if path.suffix.lower() in SUFFIXES)
        pictures = sorted(str(path) for path in paths if not path.is_dir() and not path.is_fifo())
        if not pictures:
            raise PipelineError(f"{name} contains no picture: name a folder with {', '.join(sorted(SUFFIXES))} files")
        found += [(path, str(Path(path).relative_to(name))) for path in pictures]
    return found


def _name_copies(names: Sequence[str], target: Path) -> list[Path]:
    """Return the file for the copy of each picture. Raises UsageError if one exists, or two are the same."""
    from pipeline.engine.errors import UsageError
    from pipeline.engine.store import check_outside

    check_outside(target)
    if target.is_file():
        raise UsageError(f"{target} is a file: give --annotate a folder for the copies")
    copies = [target / path.parent / f"{path.stem}.png" for path in map(Path, names)]
    for copy, count in Counter(copies).items():
        if count > 1:
            raise UsageError(f"{count} pictures have the name {copy.stem}: write their copies to different folders")
        if os.path.lexists(copy):
            raise UsageError(f"{copy} exists already: choose another name for --annotate")
    return copies


def _read_all(reader: "Reader", requests: Sequence[Request]) -> Generator["Result | PictureError", None, None]:
    """Yield the result of each request, or its PictureError, in order. Many pictures are read in several processes."""
    from pipeline.engine.threads import count_cores
    from pipeline.scheduling.pool import map_in_processes

    read = functools.partial(_read, reader)
    processes = min(count_cores(), MAX_PROCESSES)
    if processes == 1 or len(requests) < PARALLEL or any(name == STDIN for name, _ in requests):
        yield from map(read, requests)
    else:
        yield from map_in_processes(read, requests, processes)


def _read(reader: "Reader", request: Request) -> "Result | PictureError":
    """Read a picture, and write its copy with boxes; return a PictureError instead of raising it."""
    from pipeline.pictures.boxes import save_with_boxes
    from pipeline.pictures.files import MAX_PIPED_BYTES, PictureError

    name, copy = request
    shown = printable(_readable(name))
    source: Any = Path(name)
    if name == STDIN:
        source = sys.stdin.buffer if sys.stdin else io.BytesIO()  # None if it is closed
        source = io.BytesIO(source.read(MAX_PIPED_BYTES)) if copy else source
    try:
        result = reader.read(source, shown)
        if copy:
            texts = [reader.model.class_names[label] for label in result.probabilities.argmax(axis=1)]
            if name == STDIN:
                source.seek(0)
            save_with_boxes(copy, source, shown, result.size, result.boxes, texts)
    except PictureError as error:
        return error
    return result


def _to_dict(result: "Result", name: str) -> dict[str, Any]:
    return {
        "file": name,
        "digits": result.text,
        "confidence": round(result.confidence, 6) if result.text else None,
        "alternatives": [[text, round(probability, 6)] for text, probability in result.alternatives],
    }


def _to_row(result: "Result", name: str) -> list[str]:
    alternatives = [(result.text, result.confidence), *result.alternatives, ("", 0.0)][:2] if result.text else []
    return [printable(name), *(each for text, p in alternatives for each in (text, f"{p:.6f}"))]


def _format_row(values: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([*values, *[""] * (len(COLUMNS) - len(values))])
    return line.getvalue()


def _format_line(result: "Result", name: str) -> str:
    if not result.text:
        return f"{printable(name)}: no digit found"
    other, probability = (*result.alternatives, ("", 0.0))[0]
    return f"{printable(name)}: {result.text} ({result.confidence:.2%}), or {other} ({probability:.2%})"


def _classify_test_image(index: int, show: bool, parse: Path, folder: Path | None) -> str:
    import numpy as np

    from pipeline.data.dataset import load_description
    from pipeline.engine.arrays import open_rows, read_array, read_rows
    from pipeline.engine.artifacts import find_artifact, require_intact
    from pipeline.engine.errors import PipelineError, UsageError
    from pipeline.engine.store import read_lock
    from pipeline.engine.threads import single_threaded_blas
    from pipeline.model.prediction import predict
    from pipeline.reader import load
    from stages.cli.drawing import draw

    with read_lock(parse) as raw:
        require_intact(raw, find_artifact(raw, "parse"), shown=parse)
        model, data = load(folder).model, load_description(raw)
        if (model.dataset, model.class_names) != (data.name, data.class_names):
            raise PipelineError(
                f"the model was trained on {model.dataset}, but {parse} contains {data.name}: run the stage train again"
            )
        images = open_rows(raw / "test-images.npy", np.uint8, (None, *model.image_shape))
        labels = read_array(raw / "test-labels.npy", np.uint8, (len(images),))
        if index >= len(images):
            raise UsageError(f"there are {len(images):,} test images: the index goes up to {len(images) - 1}")
        image = read_rows(images, index, index + 1)
    with single_threaded_blas():  # as in evaluate, so that the results are bit-identical
        (output,) = predict(model, image, first=index)
    digit = int(output.argmax())
    width = max(map(len, model.class_names))
    lines = [
        *([draw(image), ""] if show else []),
        *(f"{name:>{width}}  {p:.6f}" for name, p in zip(model.class_names, output, strict=True)),
        "",
        f"digit {model.class_names[digit]}, confidence {output[digit]:.2%}, truth {model.class_names[labels[index]]}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    run_module(classify)
