"""Say which digits many images show."""

import contextlib
import errno
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from stages.cli.console import run_module
from stages.cli.options import Scheduler, SchedulerFile, ShipData, Workers, progress

if TYPE_CHECKING:
    from pipeline.model.files import Model
    from pipeline.scheduling.backends import Backend

log = logging.getLogger(__name__)

LOCK = "lock"


def predict(
    files: Annotated[list[Path], Argument(metavar="IMAGES", help="Files of raw images: .npy, or IDX, gzipped or not.")],
    output: Annotated[Path, Option(help="Where the classes go, by their numbers: uint8 (n,).")] = Path(
        "predictions.npy"
    ),
    probabilities: Annotated[
        Path | None,
        Option(help="Where the probabilities of all c classes go: float32 (n, c).", show_default="nowhere"),
    ] = None,
    scheduler: Scheduler = "threads",
    scheduler_file: SchedulerFile = None,
    workers: Workers = None,
    block_size: Annotated[int, Option(min=1, help="Images in a block. A worker has one in memory.")] = 32_768,
    ship_data: ShipData = False,
    train: Annotated[Path, Option(help="The model.")] = Path("artifacts/train"),
) -> str:
    """Say which digit each of many images shows, in files that may be larger than memory, here or on a cluster.

    The files hold n images of h x w pixels, as many as the model's, in arrays uint8 (n, h, w). One array, .npy, has the
    predictions of all files, in order; it appears when it is complete. The same command continues an interrupted run
    with the blocks that are not finished.

    Examples:
        handwriting predict scans.npy --output digits.npy
        handwriting predict part-*.idx.gz --probabilities probabilities.npy
        handwriting predict scans.npy --scheduler tcp://localhost:8786
    """
    from pipeline.engine.artifacts import find_artifact, require_whole
    from pipeline.engine.store import read_lock
    from pipeline.evaluation.predictions import PREDICTIONS, PROBABILITIES
    from pipeline.model.files import load_model
    from pipeline.scheduling.backends import find_backend

    backend = find_backend(scheduler, workers, scheduler_file, ship_data)
    shown = {PREDICTIONS: output} | ({PROBABILITIES: probabilities} if probabilities else {})
    targets = {  # what a link shows is to be written there, and may be on another disk
        name: Path(os.path.realpath(path)) if path.is_symlink() else path for name, path in shown.items()
    }
    workplace = targets[PREDICTIONS].parent / f".{targets[PREDICTIONS].name}.partial"
    _check_targets(list(targets.values()), [*files, workplace])
    with read_lock(train) as trained:
        manifest = find_artifact(trained, "train")
        require_whole(trained, manifest, shown=train)
        model = load_model(trained)
    with _working_folder(workplace, output):
        started = time.monotonic()
        before, total = _answer(workplace, model, manifest.digest, files, list(targets), block_size, backend)
        seconds = time.monotonic() - started
        for name, target in reversed(targets.items()):  # the predictions last: who sees them sees all
            _publish(workplace / f".{name}", target)
    rate = f"{(total - before) / seconds:,.0f} a second"
    return f"{total:,} images in {seconds:.1f} s, {rate} -> {', '.join(map(str, shown.values()))}"


def _check_targets(targets: Sequence[Path], files: Sequence[Path]) -> None:
    """Raise UsageError if one file is to be two things, or cannot be a file."""
    from pipeline.engine.errors import UsageError
    from pipeline.engine.store import check_outside

    for number, target in enumerate(targets):
        if str(target) == "-":
            raise UsageError("- is no file, and nothing is written to standard output: name a file")
        if target.exists() and not target.is_file():
            raise UsageError(f"{target} is a folder, a device or a pipe: name a file")
        if not target.parent.is_dir():
            raise UsageError(f"there is no folder {target.parent} for {target.name}: make it first")
        if os.path.realpath(target) in map(os.path.realpath, [*targets[:number], *files]):
            raise UsageError(f"{target} cannot be two things at once: choose another output")
        check_outside(target)


@contextlib.contextmanager
def _working_folder(folder: Path, output: Path) -> Iterator[None]:
    """A folder for this process alone to work on the output; if that fails it stays, as far as it is worth it."""
    from pipeline.engine.errors import PipelineError
    from pipeline.engine.locks import writing
    from pipeline.evaluation.predictions import JOURNAL

    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.callback(_remove_if_empty, folder)  # where not even the lock has found room
        if not stack.enter_context(writing(folder / LOCK, None)):
            raise PipelineError(f"another process is writing {output}: wait for it, or choose another output")
        try:
            yield
        except BaseException:
            if (folder / JOURNAL).exists():
                log.info("predict: what it has done is kept: the same command goes on from there")
            else:
                _remove(folder)
            raise
        _remove(folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _remove(folder: Path) -> None:
    """Remove the working folder, the lock in it last, so that nobody else works there before."""
    for path in folder.iterdir():
        if path.name != LOCK:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _publish(source: Path, target: Path) -> None:
    """Put a file in the backend of another, in one step, also if that is on another disk. If it fails, both stay."""
    _write_through(source)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = target.with_name(f".{target.name}.fresh")
        try:
            shutil.copyfile(source, fresh)
            _write_through(fresh)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)


def _write_through(path: Path) -> None:
    """Wait until the disk has it: otherwise a power failure can leave an incomplete file under this name."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _answer(
    folder: Path,
    model: "Model",
    digest: str,
    paths: Sequence[Path],
    names: Sequence[str],
    block_size: int,
    backend: "Backend",
) -> tuple[int, int]:
    """Fill the files of these names in the folder; how many images were done before, and how many there are."""
    from pipeline.data.image_files import locate_images
    from pipeline.engine.fingerprint import fingerprint
    from pipeline.engine.provenance import environment
    from pipeline.evaluation.blocks import check_signature, predict_block, signature
    from pipeline.evaluation.predictions import fill, open_predictions

    signatures = [signature(path) for path in paths]
    changed = [path.stat().st_ctime_ns for path in paths]  # also if another file of the same signature was put there
    unpacked = [
        folder / f"images-{'-'.join(map(str, [number, *facts, moment]))}.idx"
        for number, (facts, moment) in enumerate(zip(signatures, changed, strict=True))
    ]
    for leftover in {*folder.glob("images-*")}.difference(unpacked):
        leftover.unlink()
    images = [locate_images(path, model.image_shape, plain) for path, plain in zip(paths, unpacked, strict=True)]
    for path, expected in zip(paths, signatures, strict=True):
        check_signature(path, expected)
    total = sum(map(len, images))
    files = [str(path.absolute()) for path in paths]
    purpose = [digest, files, signatures, changed, fingerprint(predict_block), environment(["numpy"])]
    predictions = open_predictions(folder, names, total, len(model.class_names), purpose)
    if predictions.done:
        log.info("predict: goes on after %s of %s images", f"{predictions.count:,}", f"{total:,}")
    with progress("predict", total, predictions.count) as advance:
        fill(predictions, model, images, block_size, backend, advance, lambda line: log.info("predict: %s", line))
    return predictions.count, total


if __name__ == "__main__":
    run_module(predict)
