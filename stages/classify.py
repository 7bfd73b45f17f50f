"""Read the digits in pictures."""

import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from stages.cli.console import run_module
from stages.cli.terminal import printable, to_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.pictures.reading import Reading

log = logging.getLogger(__name__)

STDIN = "-"
ALTERNATIVES = 3  # in the output of --json
SHADES, PLAIN_SHADES = " ░▒▓█", " .+#@"


def classify(
    files: Annotated[
        list[str] | None,
        Argument(metavar="FILE", help="Pictures, folders of pictures, or - for standard input."),
    ] = None,
    index: Annotated[
        int | None, Option(min=0, help="Index of a test image, from 0, instead of files.", show_default=False)
    ] = None,
    show: Annotated[bool, Option("--show", help="Also draw the network's input as text.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print one line of JSON per picture.")] = False,
    parse: Annotated[Path, Option(help="Artifact of parse, for --index.")] = Path("artifacts/parse"),
    train: Annotated[Path, Option(help="Artifact of train: the model.")] = Path("artifacts/train"),
) -> str | Iterator[str]:
    """Classify the digits in drawings, scans and photographs; print each with its confidence.

    A picture shows one digit or a row of digits, dark on light or light on dark, of any size; uneven light is
    corrected. With *--index*, print the probabilities of all classes and the true class of one test image.

    Examples:
        handwriting classify photo.jpg scans/
        handwriting classify --json - < photo.png
        handwriting classify --index 8
    """
    from pipeline.engine.errors import UsageError

    if index is None and files:
        return _read_files(files, train, show, as_json)
    if index is None or files or show or as_json:
        raise UsageError("name the pictures to read, or use --index without pictures, --show and --json")
    return _classify_test_image(index, parse, train)


def _read_files(names: Sequence[str], train: Path, show: bool, as_json: bool) -> Iterator[str]:
    """Yield one line per picture, as text or JSON. Log the pictures that cannot be read; raise PipelineError last."""
    import numpy as np
    from tqdm import tqdm

    from pipeline.engine.artifacts import find_artifact, require_intact
    from pipeline.engine.cores import single_threaded_blas
    from pipeline.engine.errors import PipelineError
    from pipeline.engine.store import read_lock
    from pipeline.model.files import load_model
    from pipeline.pictures.files import PictureError, load_grey
    from pipeline.pictures.reading import read

    with read_lock(train) as trained:
        require_intact(trained, find_artifact(trained, "train"), shown=train)
        model = load_model(trained)
    found = _find_pictures(names)
    failed = 0
    for name in tqdm(found, unit="picture", leave=False, disable=None if len(found) > 1 else True):
        readable = os.fsencode(name).decode(errors="replace")
        shown = printable(readable)
        try:
            stdin = sys.stdin.buffer if sys.stdin else io.BytesIO()  # None if it is closed
            grey = load_grey(stdin if name == STDIN else Path(name), shown)
        except PictureError as error:
            failed += 1
            if as_json:
                yield to_json({"file": readable, "error": str(error)})
            if len(found) == 1:
                raise
            log.info("%s", error)
            continue
        with single_threaded_blas():  # as in evaluate, so that the results are bit-identical
            reading = read(model, grey)
        if show and len(reading.images):
            yield draw(np.concatenate(list(reading.images), axis=1)).strip("\n")
        result = _to_dict(reading, model.class_names, readable)
        yield to_json(result) if as_json else _format_line(result, shown)
    if failed:
        raise PipelineError(f"{failed:,} of {len(found):,} pictures could not be read: see the messages above")


def _find_pictures(names: Sequence[str]) -> list[str]:
    """Return the names, with each folder replaced by the pictures at any depth in it, sorted."""
    from pipeline.engine.errors import PipelineError
    from pipeline.pictures.files import SUFFIXES

    found: list[str] = []
    for name in names:
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises if the name is too long
            found.append(name)
            continue
        paths = (path for path in Path(name).rglob("*") if path.suffix.lower() in SUFFIXES)
        pictures = sorted(str(path) for path in paths if not path.is_dir() and not path.is_fifo())
        if not pictures:
            raise PipelineError(f"{name} contains no picture: name a folder with {', '.join(sorted(SUFFIXES))} files")
        found += pictures
    return found


def _to_dict(reading: "Reading", class_names: Sequence[str], name: str) -> dict[str, Any]:
    from pipeline.pictures.reading import find_alternatives, format_digits

    alternatives = find_alternatives(reading, ALTERNATIVES)
    return {
        "file": name,
        "digits": format_digits(reading.labels, class_names),
        "confidence": round(reading.confidence, 6) if reading.labels else None,
        "alternatives": [[format_digits(labels, class_names), round(p, 6)] for labels, p in alternatives],
    }


def _format_line(result: dict[str, Any], name: str) -> str:
    if result["confidence"] is None:
        return f"{name}: no digit found"
    other, probability = (result["alternatives"] or [["", 0.0]])[0]
    return f"{name}: {result['digits']} ({result['confidence']:.2%}), or {other} ({probability:.2%})"


def draw(image: "NDArray[np.uint8]") -> str:
    """Draw an image, uint8 (h, w), as h lines of text, two characters per pixel; trailing spaces are removed.

    Uses block characters, or ASCII if the encoding of standard output lacks them.
    """
    try:
        SHADES.encode(sys.stdout.encoding)
        shades = SHADES
    except UnicodeEncodeError:
        shades = PLAIN_SHADES
    levels = (image.astype(int) * len(shades)) // 256
    return "\n".join("".join(2 * shades[level] for level in row).rstrip() for row in levels)


def _classify_test_image(index: int, parse: Path, train: Path) -> str:
    import numpy as np

    from pipeline.data.dataset import load_description
    from pipeline.data.labels import load_labels
    from pipeline.engine.arrays import open_rows, read_rows
    from pipeline.engine.artifacts import find_artifact, require_intact
    from pipeline.engine.cores import single_threaded_blas
    from pipeline.engine.errors import PipelineError, UsageError
    from pipeline.engine.store import read_lock
    from pipeline.model.files import load_model
    from pipeline.model.prediction import predict

    with read_lock(parse) as raw, read_lock(train) as trained:
        require_intact(raw, find_artifact(raw, "parse"), shown=parse)
        require_intact(trained, find_artifact(trained, "train"), shown=train)
        model, data = load_model(trained), load_description(raw)
        if (model.dataset, model.class_names) != (data.name, data.class_names):
            raise PipelineError(
                f"the model was trained on {model.dataset}, but {parse} contains {data.name}: run the stage train again"
            )
        images = open_rows(raw / "test-images.npy", np.uint8, (None, *model.image_shape))
        labels = load_labels(raw / "test-labels.npy", len(images), len(model.class_names))
        if index >= len(images):
            raise UsageError(f"there are {len(images):,} test images: the index goes up to {len(images) - 1}")
        image = read_rows(images, index, index + 1)
    with single_threaded_blas():  # as in evaluate, so that the results are bit-identical
        (output,) = predict(model, image, first=index)
    digit = int(output.argmax())
    width = max(map(len, model.class_names))
    lines = [
        draw(image[0]),
        "",
        *(f"{name:>{width}}  {p:.6f}" for name, p in zip(model.class_names, output, strict=True)),
        "",
        f"digit {model.class_names[digit]}, confidence {output[digit]:.2%}, truth {model.class_names[labels[index]]}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    run_module(classify)
