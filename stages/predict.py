"""Predict the classes of many images in files."""

import contextlib
import functools
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from stages.cli.console import run_module
from stages.cli.options import ModelFolder, Scheduler, SchedulerFile, SendData, Workers, progress

log = logging.getLogger(__name__)


def predict(
    files: Annotated[list[Path], Argument(metavar="IMAGES", help="Files of raw images: .npy or IDX, gzipped or not.")],
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
    from pipeline.data.image_files import locate_images
    from pipeline.engine.fingerprint import fingerprint
    from pipeline.engine.provenance import environment
    from pipeline.evaluation.blocks import predict_block, signature
    from pipeline.evaluation.predictions import PREDICTIONS, PROBABILITIES, open_predictions, predict_missing
    from pipeline.reader import load
    from pipeline.scheduling.backends import make_backend

    backend = make_backend(scheduler, workers, scheduler_file, send_data)
    outputs = {PREDICTIONS: output} | ({PROBABILITIES: probabilities} if probabilities else {})
    work = output.parent / f".{output.name}.partial"
    _check_targets(list(outputs.values()), [*files, work])
    reader = load(model)
    # The change time tells another file with the same size and modification time.
    inputs = [(str(path.absolute()), signature(path), path.stat().st_ctime_ns) for path in files]
    key = [reader.digest, inputs, fingerprint(predict_block), environment(["numpy"])]
    with _working_folder(work, output):
        started = time.monotonic()
        images = [
            locate_images(path, reader.model.image_shape, work / f"images-{index}.idx")
            for index, path in enumerate(files)
        ]
        total, classes = sum(map(len, images)), len(reader.model.class_names)
        predictions = open_predictions(work, list(outputs), total, classes, key)
        missing = total - predictions.done_count
        with progress("predict", total, predictions.done_count) as advance:
            report = functools.partial(log.info, "predict: %s")
            predict_missing(predictions, reader.model, images, block_size, backend, advance, report)
        seconds = time.monotonic() - started
        for name, target in reversed(outputs.items()):  # predictions last: when they exist, all outputs exist
            _publish(predictions.files[name].path, target)
    rate = f"{missing / seconds:,.0f} images/s"
    return f"{total:,} images in {seconds:.1f} s, {rate} -> {', '.join(map(str, outputs.values()))}"


def _check_targets(targets: Sequence[Path], files: Sequence[Path]) -> None:
    """Raise UsageError if an output is not a regular file, or is also an input or another output."""
    from pipeline.engine.errors import UsageError
    from pipeline.engine.store import check_outside

    for index, target in enumerate(targets):
        if target.exists() and not target.is_file():
            raise UsageError(f"{target} is a folder, a device or a pipe: name a file")
        if not target.parent.is_dir():
            raise UsageError(f"folder {target.parent} for {target.name} does not exist: create it first")
        if os.path.realpath(target) in map(os.path.realpath, [*targets[:index], *files]):
            raise UsageError(f"{target} is already used by this command: choose another output")
        check_outside(target)


@contextlib.contextmanager
def _working_folder(folder: Path, output: Path) -> Iterator[None]:
    """Create and lock the working folder of `output`; remove it at the end, except after a failure with progress."""
    from pipeline.engine.errors import PipelineError
    from pipeline.engine.locks import file_lock
    from pipeline.evaluation.predictions import JOURNAL

    folder.mkdir(exist_ok=True)
    try:
        with file_lock(folder / "lock", None) as acquired:
            if not acquired:
                raise PipelineError(f"another process is writing {output}: wait for it, or choose another output")
            try:
                yield
                (folder / JOURNAL).unlink()
            finally:
                if (folder / JOURNAL).exists():
                    log.info("predict: progress is kept: run the same command again to resume")
                else:
                    shutil.rmtree(folder, ignore_errors=True)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # empty if a full disk had no room for the lock


def _publish(source: Path, target: Path) -> None:
    """Replace `target` by `source` atomically, even if it is on another disk."""
    fresh = target.with_name(f".{target.name}.fresh")
    try:
        shutil.move(source, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


if __name__ == "__main__":
    run_module(predict)
