"""Predict the classes of many images in files."""

import logging
import time
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from pipeline.engine.command import main
from pipeline.engine.outputs import check_targets, name_work, publish, summarise, working_folder
from pipeline.engine.progress import progress
from stages.shared.options import ModelFolder, Scheduler, Workers

log = logging.getLogger(__name__)


def predict(
    files: Annotated[list[Path], Argument(metavar="IMAGES", help="Files of raw images, .npy or IDX, gzipped or not.")],
    output: Annotated[Path, Option(help="Output file for the class indices, uint8 (n,).")] = Path("predictions.npy"),
    probabilities: Annotated[
        Path | None,
        Option(help="Output file for the class probabilities, float32 (n, classes)."),
    ] = None,
    scheduler: Scheduler = "threads",
    workers: Workers = None,
    block_size: Annotated[
        int, Option(min=1, help="Number of images per block; three blocks per worker are in memory.")
    ] = 8192,
    model: ModelFolder = None,
) -> str:
    """Predict the classes of many images, in files that may be larger than memory, locally or on a cluster.

    The files contain uint8 arrays (n, height, width), whose images must have the size of the training images. The
    output is a single .npy array for all files, in their order, and appears when it is complete. An interrupted run
    resumes with the unfinished blocks.

    Examples:
        handwriting predict scans.npy --output digits.npy
        handwriting predict part-*.idx.gz --probabilities probabilities.npy
        handwriting predict scans.npy --scheduler tcp://localhost:8786
    """
    from pipeline.data.image_files import locate_images
    from pipeline.engine.digests import wait_and_stamp
    from pipeline.engine.errors import PipelineError
    from pipeline.engine.resume_log import make_key
    from pipeline.model.parallel_prediction import PREDICTIONS, PROBABILITIES, open_predictions, predict_missing
    from pipeline.pictures.decoding import describe_missing
    from pipeline.reader import load
    from pipeline.scheduling.backends import Backend

    backend = Backend(scheduler, workers)
    outputs = {PREDICTIONS: output} | ({PROBABILITIES: probabilities} if probabilities else {})
    work = name_work(output)
    check_targets(list(outputs.values()), [*files, work])
    reader = load(model, pictures=False)
    for path in files:
        if not path.exists():
            stdin = "- does not exist: predict does not read standard input, so save the images to a file"
            raise PipelineError(stdin if str(path) == "-" else describe_missing(str(path)))
    inputs = [(str(path.absolute()), wait_and_stamp(path)) for path in files]
    key = make_key([reader.digest, inputs], predict_missing)
    with working_folder(output, "predict"):
        started = time.monotonic()
        images = [
            locate_images(path, reader.model.image_shape, work / f"images-{index}.idx")
            for index, path in enumerate(files)
        ]
        total, classes = sum(map(len, images)), len(reader.model.class_names)
        predictions = open_predictions(work, list(outputs), total, classes, key)
        missing = total - predictions.done
        if predictions.done:
            log.info("predict: resuming after %s of %s images", f"{predictions.done:,}", f"{total:,}")
        with progress("predict", total, "images", predictions.done) as shown:
            predict_missing(predictions, reader.model, images, block_size, backend, shown.advance)
        seconds = time.monotonic() - started
        for name, target in reversed(outputs.items()):  # predictions last: when they exist, all outputs exist
            publish(predictions.files[name].path, target)
    return f"{summarise(missing, total, 'images', seconds)} -> {', '.join(map(str, outputs.values()))}"


if __name__ == "__main__":
    main(predict)
