"""Let the network read the test images, in parallel."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Option

from pipeline.engine.stage import Input, Output, Role, stage
from stages.console import run_module


@stage
def evaluate(
    normalize: Annotated[Input, Option(help="The standardised arrays.")] = Path("artifacts/normalize"),
    train: Annotated[Input, Option(help="The model.")] = Path("artifacts/train"),
    scheduler: Annotated[
        Literal["threads", "processes", "sync"],
        Role.UNKEYED,
        Option(help="What Dask runs the blocks on; sync is one after another."),
    ] = "threads",
    workers: Annotated[
        int | None,
        Role.UNKEYED,
        Option(min=1, help="How many blocks at once.", show_default="one a core"),
    ] = None,
    block_size: Annotated[int, Role.UNKEYED, Option(min=1, help="Images a block.")] = 1000,
    output: Annotated[Output, Option(help="Where the results go.")] = Path("artifacts/evaluate"),
) -> str:
    """Let the network read the test images, in parallel, and say how well it does.

    The scheduler, the number of workers and the size of blocks change no bit of the results.

    Examples:
        handwriting evaluate
        handwriting evaluate --scheduler processes --workers 4
    """
    import numpy as np
    from tqdm import tqdm

    from pipeline.data.labels import load_labels
    from pipeline.engine.arrays import load_array, save_array
    from pipeline.engine.documents import save_json
    from pipeline.evaluation.blocks import evaluate_blocks
    from pipeline.evaluation.metrics import summarise
    from pipeline.network.model import load_model

    images, labels = normalize / "test-images.npy", normalize / "test-labels.npy"
    total = len(load_array(images, np.float32, (None, None, None)))
    with tqdm(total=total, unit="image", leave=False, disable=None, delay=0.5) as bar:
        result = evaluate_blocks(
            images, labels, train, scheduler=scheduler, workers=workers, block_size=block_size, advance=bar.update
        )
    class_names = load_model(train).class_names
    truth = load_labels(labels, len(result.probabilities), len(class_names))
    metrics = summarise(result.probabilities, truth, result.confusion, class_names)
    save_array(output / "predictions.npy", result.probabilities.argmax(axis=1).astype(np.uint8))
    save_array(output / "probabilities.npy", result.probabilities)
    save_array(output / "confusion.npy", result.confusion)
    save_json(output / "metrics.json", metrics)
    low, high = metrics["accuracy_interval_95"]
    return (
        f"test accuracy {metrics['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%}), "
        f"{metrics['errors']:,} of {metrics['images']:,} images misread"
    )


if __name__ == "__main__":
    run_module(evaluate)
