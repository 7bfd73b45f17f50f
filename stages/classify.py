"""Say which digits pictures show."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from stages.console import run_module

if TYPE_CHECKING:
    from pipeline.network.model import Model
    from pipeline.network.reading import Reading

STDIN = "-"
OTHERS = 3  # alternatives that --json tells


def classify(
    files: Annotated[
        list[str] | None,
        Argument(metavar="FILE...", help="Pictures, folders of pictures, or - for one on standard input."),
    ] = None,
    index: Annotated[
        int | None, Option(min=0, help="Instead of files: the number of a test image, from 0.", show_default=False)
    ] = None,
    show: Annotated[bool, Option("--show", help="Draw what the network sees of each picture.")] = False,
    as_json: Annotated[bool, Option("--json", help="One JSON object a picture, each on a line.")] = False,
    parse: Annotated[Path, Option(help="The raw arrays, for --index.")] = Path("artifacts/parse"),
    train: Annotated[Path, Option(help="The model.")] = Path("artifacts/train"),
) -> str | Iterator[str]:
    """Say which digits pictures show, with the confidence in it: scans, photographs, drawings, one digit or a row.

    Strokes may be dark on light or light on dark, of any size, on paper in uneven light. With --index it is a test image
    of the data set: the picture, what the network answers, and what it really is.

    Examples:
        handwriting classify photo.jpg scans/
        handwriting classify --json - < photo.png
        handwriting classify --index 8
    """
    from pipeline.engine.errors import UsageError

    if index is None and files:
        return _read_files(files, train, show, as_json)
    if index is None or files or show or as_json:
        raise UsageError("name pictures to read, or a test image by --index alone")
    return _tell_test_image(index, parse, train)


def _read_files(names: Sequence[str], train: Path, show: bool, as_json: bool) -> Iterator[str]:
    """A line a picture as it is read, or an object of JSON; those that cannot be read are told to stderr."""
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    from pipeline.data.picture_files import PictureError, load_grey
    from pipeline.engine.artifacts import find_artifact, require_whole
    from pipeline.engine.errors import PipelineError
    from pipeline.engine.store import held
    from pipeline.network.model import load_model
    from pipeline.network.reading import read

    with held(train) as trained:
        require_whole(trained, find_artifact(trained, "train"), shown=train)
        model = load_model(trained)
    found = _find_pictures(names)
    failed = 0
    with tqdm(found, unit="picture", leave=False, disable=None if len(found) > 1 else True) as bar:
        for file, name in bar:
            try:
                if file is None:
                    raise PictureError(f"{name} holds no picture")
                grey = load_grey(_open_stdin() if file == STDIN else Path(file), name)
            except PictureError as error:
                failed += 1
                if as_json:
                    yield json.dumps({"file": name, "error": str(error)}, ensure_ascii=False)
                log.info("%s", error)
                continue
            with threadpool_limits(1, "blas"):  # as in the evaluation
                reading = read(model, grey)
            if show and len(reading.images):
                yield _draw(reading)
            yield _as_json(reading, model, name) if as_json else _as_line(reading, model, name)
    if failed:
        raise PipelineError(f"{failed:,} of {len(found):,} could not be read, as told above")
