"""Evaluate a trained model on the test images, in parallel."""

import contextlib
import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.progress import progress
from pipeline.engine.stage import Input, Output, Role, stage
from stages.shared.options import Scheduler, Workers

log = logging.getLogger(__name__)


@stage()
def evaluate(
    normalize: Annotated[Input, Option(help="Divided data, written by normalize.")] = Path("artifacts/normalize"),
    train: Annotated[Input, Option(help="Model folder, written by train.")] = Path("artifacts/train"),
    scheduler: Scheduler = "threads",
    workers: Workers = None,
    block_size: Annotated[
        int, Role.IGNORED, Option(min=1, help="Number of images per block; three blocks per worker are in memory.")
    ] = 1024,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/evaluate"),
) -> str:
    """Classify the test images in parallel and compute the metrics.

    The stage shows the output vector of the first test image, with its class, confidence and label. It warns if a part
    of the data lacks a class, if the classes differ much in size, or if test images are also training images.

    The results are bit-identical for any scheduler, number of workers and block size.

    Examples:
        handwriting evaluate
        handwriting evaluate --scheduler processes --workers 4
        handwriting evaluate --scheduler tcp://localhost:8786
    """
    import numpy as np

    from pipeline.data.check import list_warnings, load_check
    from pipeline.data.split import load_part, locate_pixels
    from pipeline.model.metrics import compute_metrics, save_metrics
    from pipeline.model.model import load_model
    from pipeline.model.parallel_prediction import predict_blocks
    from pipeline.scheduling.backends import Backend

    backend = Backend(scheduler, workers)
    model = load_model(train)
    check, labels = load_check(normalize, len(model.class_names)), load_part(normalize, "test").labels

    blocks = []
    images = locate_pixels(normalize, "test")
    predicted = predict_blocks(model, [images], block_size, backend)
    with progress("evaluate", len(images), unit="images") as shown, contextlib.closing(predicted):
        for block in predicted:
            blocks.append(block)
            shown.advance(len(block))
    probabilities = np.concatenate(blocks)
    metrics, confusion = compute_metrics(probabilities, labels, model.class_names)
    save_metrics(output, metrics, confusion, probabilities)
    for warning in list_warnings(check, model.class_names):
        log.warning("evaluate: warning: %s", warning)
    vector = np.array2string(probabilities[0], formatter={"float_kind": "{:.4f}".format}, threshold=10, edgeitems=5)
    digit = int(probabilities[0].argmax())
    log.info("evaluate: output vector of the first test image: %s", vector)
    log.info(
        "evaluate: classification of the first test image: %s with confidence %s; real label %s",
        model.class_names[digit],
        f"{probabilities[0, digit]:.2%}",
        model.class_names[labels[0]],
    )
    low, high = metrics.accuracy_interval_95
    return (
        f"test accuracy {metrics.accuracy:.2%} (95% interval {low:.2%} to {high:.2%}), "
        f"{metrics.errors:,} of {metrics.images:,} images misclassified"
    )


if __name__ == "__main__":
    main(evaluate)
