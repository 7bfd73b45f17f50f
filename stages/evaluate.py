"""Let the network read the test images, in parallel."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.stage import Input, Output, Role, stage
from stages.cli.console import run_module
from stages.cli.options import Scheduler, SchedulerFile, ShipData, Workers, progress

log = logging.getLogger(__name__)


@stage(packages=("numpy", "scipy"))
def evaluate(
    normalize: Annotated[Input, Option(help="The standardised arrays.")] = Path("artifacts/normalize"),
    train: Annotated[Input, Option(help="The model.")] = Path("artifacts/train"),
    scheduler: Scheduler = "threads",
    scheduler_file: SchedulerFile = None,
    workers: Workers = None,
    block_size: Annotated[
        int, Role.UNKEYED, Option(min=1, help="Images in a block. A worker has one in memory.")
    ] = 1024,
    ship_data: ShipData = False,
    output: Annotated[Output, Option(help="Where the results go.")] = Path("artifacts/evaluate"),
) -> str:
    """Let the network read the test images, in parallel, and say how well it does.

    The scheduler, the number of workers and the size of blocks change no bit of the results. A run that was cut off
    goes on with the blocks that it had not finished.

    Examples:
        handwriting evaluate
        handwriting evaluate --scheduler processes --workers 4
        handwriting evaluate --scheduler tcp://localhost:8786
    """
    import numpy as np

    from pipeline.data.labels import load_labels
    from pipeline.engine import CHECKPOINT
    from pipeline.engine.arrays import open_rows, read_blocks, save_array
    from pipeline.engine.documents import save_json
    from pipeline.evaluation.metrics import FILE, PART, summarise
    from pipeline.evaluation.predictions import PREDICTIONS, PROBABILITIES, fill, open_predictions
    from pipeline.model.files import load_model
    from pipeline.scheduling.backends import find_backend

    backend = find_backend(scheduler, workers, scheduler_file, ship_data)
    model = load_model(train)
    classes = len(model.class_names)
    images = open_rows(normalize / "test-images.npy", np.float32, (None, *model.image_shape))
    total = len(images)
    labels = load_labels(normalize / "test-labels.npy", total, classes)

    predictions = open_predictions(output / CHECKPOINT, (PREDICTIONS, PROBABILITIES), total, classes, "the test images")
    if predictions.done:
        log.info("evaluate: goes on after %s of %s images", f"{predictions.count:,}", f"{total:,}")
    with progress("evaluate", total, predictions.count) as advance:
        fill(predictions, model, [images], block_size, backend, advance, lambda line: log.info("evaluate: %s", line))
    for name, rows in predictions.files.items():
        rows.path.rename(output / name)

    probabilities = open_rows(output / PROBABILITIES, np.float32, (total, classes))
    parts = zip(read_blocks(probabilities, PART), np.split(labels, range(PART, total, PART)), strict=True)
    metrics, confusion = summarise(parts, model.class_names)
    save_array(output / "confusion.npy", confusion)
    save_json(output / FILE, asdict(metrics))
    low, high = metrics.accuracy_interval_95
    return (
        f"test accuracy {metrics.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}), "
        f"{metrics.errors:,} of {metrics.images:,} images misread"
    )


if __name__ == "__main__":
    run_module(evaluate)
