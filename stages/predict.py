"""Predict the classes of many images in files."""

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
from stages.cli.options import ModelFolder, Scheduler, SchedulerFile, SendData, Workers, progress

if TYPE_CHECKING:
    from pipeline.model.files import Model
    from pipeline.scheduling.backends import Backend

log = logging.getLogger(__name__)

LOCK = "lock"


def predict(
    files: Annotated[list[Path], Argument(metavar="IMAGES", help="Files of raw images: .npy, or IDX, gzipped or not.")],
    output: Annotated[Path, Option(help="Output file of the class indices: uint8 (n,).")] = Path("predictions.npy"),
    probabilities: Annotated[
        Path | None,
        Option(help="Output file of the class probabilities: float32 (n, classes).", show_default="none"),
    ] = None,
    scheduler: Scheduler = "threads",
    scheduler_file: SchedulerFile = None,
    workers: Workers = None,
    block_size: Annotated[int, Option(min=1, help="Images per block. Each worker holds one block in memory.")] = 32_768,
    send_data: SendData = False,
    model: ModelFolder = None,
) -> str:
    """Predict the classes of many images, from files that may be larger than memory, locally or on a cluster.

    The files contain uint8 arrays (n, height, width); the image size must be that of the training images. The output is
    one .npy array for all files in order; it appears when it is complete. An interrupted run resumes with the
    blocks that are not finished.

    Examples:
        handwriting predict scans.npy --output digits.npy
        handwriting predict part-*.idx.gz --probabilities probabilities.npy
        handwriting predict scans.npy --scheduler tcp://localhost:8786
    """
    from pipeline.evaluation.predictions import PREDICTIONS, PROBABILITIES
    from pipeline.reader import load
    from pipeline.scheduling.backends import make_backend

    backend = make_backend(scheduler, workers, scheduler_file, send_data)
    outputs = {PREDICTIONS: output} | ({PROBABILITIES: probabilities} if probabilities else {})
    targets = {  # a link is kept; its target, which may be on another disk, is replaced
        name: Path(os.path.realpath(path)) if path.is_symlink() else path for name, path in outputs.items()
    }
    work = targets[PREDICTIONS].parent / f".{targets[PREDICTIONS].name}.partial"
    _check_targets(list(targets.values()), [*files, work])
    reader = load(model)
    with _working_folder(work, output):
        started = time.monotonic()
        before, total = _predict_files(work, reader.model, reader.digest, files, list(targets), block_size, backend)
        seconds = time.monotonic() - started
        for name, target in reversed(targets.items()):  # predictions last: when they exist, all outputs exist
            _publish(work / f".{name}", target)
    rate = f"{(total - before) / seconds:,.0f} images/s"
    return f"{total:,} images in {seconds:.1f} s, {rate} -> {', '.join(map(str, outputs.values()))}"


def _check_targets(targets: Sequence[Path], files: Sequence[Path]) -> None:
    """Raise UsageError if an output is not a regular file, or is also an input or another output."""
    from pipeline.engine.errors import UsageError
    from pipeline.engine.store import check_outside

    for index, target in enumerate(targets):
        if str(target) == "-":
            raise UsageError("- (standard output) is not supported as an output: name a file")
        if target.exists() and not target.is_file():
            raise UsageError(f"{target} is a folder, a device or a pipe: name a file")
        if not target.parent.is_dir():
            raise UsageError(f"folder {target.parent} for {target.name} does not exist: create it first")
        if os.path.realpath(target) in map(os.path.realpath, [*targets[:index], *files]):
            raise UsageError(f"{target} is already used by this command: choose another output")
        check_outside(target)


@contextlib.contextmanager
def _working_folder(folder: Path, output: Path) -> Iterator[None]:
    """Lock the working folder of `output`; remove it at the end, except after a failure if it has a journal."""
    from pipeline.engine.errors import PipelineError
    from pipeline.engine.locks import file_lock
    from pipeline.evaluation.predictions import JOURNAL

    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.callback(_remove_if_empty, folder)  # if the disk was too full for the lock
        if not stack.enter_context(file_lock(folder / LOCK, None)):
            raise PipelineError(f"another process is writing {output}: wait for it, or choose another output")
        try:
            yield
        except BaseException:
            if (folder / JOURNAL).exists():
                log.info("predict: progress is kept: run the same command again to resume")
            else:
                _remove(folder)
            raise
        _remove(folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _remove(folder: Path) -> None:
    """Remove the working folder, its lock last: until then no other process uses the folder."""
    for path in folder.iterdir():
        if path.name != LOCK:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _publish(source: Path, target: Path) -> None:
    """Replace `target` by `source` atomically, even on another disk. If that fails, both files are unchanged."""
    _sync(source)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = target.with_name(f".{target.name}.fresh")
        try:
            shutil.copyfile(source, fresh)
            _sync(fresh)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Flush a file to the disk: otherwise a power failure could leave an incomplete file under its final name."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _predict_files(
    folder: Path,
    model: "Model",
    digest: str,
    paths: Sequence[Path],
    names: Sequence[str],
    block_size: int,
    backend: "Backend",
) -> tuple[int, int]:
    """Write the predictions to files in the folder; return the number of images done before this run, and the total."""
    from pipeline.data.image_files import locate_images
    from pipeline.engine.fingerprint import fingerprint
    from pipeline.engine.provenance import environment
    from pipeline.evaluation.blocks import check_signature, predict_block, signature
    from pipeline.evaluation.predictions import open_predictions, predict_missing

    signatures = [signature(path) for path in paths]
    change_times = [path.stat().st_ctime_ns for path in paths]  # detects a new file of the same signature
    unpacked = [
        folder / f"images-{'-'.join(map(str, [index, *status, change_time]))}.idx"
        for index, (status, change_time) in enumerate(zip(signatures, change_times, strict=True))
    ]
    for leftover in {*folder.glob("images-*")}.difference(unpacked):
        leftover.unlink()
    images = [locate_images(path, model.image_shape, plain) for path, plain in zip(paths, unpacked, strict=True)]
    for path, expected in zip(paths, signatures, strict=True):
        check_signature(path, expected)
    total = sum(map(len, images))
    files = [str(path.absolute()) for path in paths]
    key = [digest, files, signatures, change_times, fingerprint(predict_block), environment(["numpy"])]
    predictions = open_predictions(folder, names, total, len(model.class_names), key)
    if predictions.done:
        log.info("predict: resuming after %s of %s images", f"{predictions.done_count:,}", f"{total:,}")
    with progress("predict", total, predictions.done_count) as advance:
        predict_missing(
            predictions, model, images, block_size, backend, advance, lambda line: log.info("predict: %s", line)
        )
    return predictions.done_count, total


if __name__ == "__main__":
    run_module(predict)
