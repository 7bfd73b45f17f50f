"""Say which digit a picture shows."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Option

from stages.console import run_module


def classify(
    index: Annotated[int, Option(min=0, help="The number of a test image, from 0.")],
    parse: Annotated[Path, Option(help="The raw arrays.")] = Path("artifacts/parse"),
    train: Annotated[Path, Option(help="The model.")] = Path("artifacts/train"),
) -> str:
    """Say which digit a test image shows: the picture, what the network answers, and what it really is.

    Examples:
        handwriting classify --index 8
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    from pipeline.data.dataset import load_description
    from pipeline.data.labels import load_labels
    from pipeline.engine.arrays import load_array
    from pipeline.engine.artifacts import find_artifact, require_whole
    from pipeline.engine.errors import PipelineError, UsageError
    from pipeline.engine.store import held
    from pipeline.network.model import load_model, predict_raw
    from stages.drawing import draw

    with held(parse) as raw, held(train) as trained:
        require_whole(raw, find_artifact(raw, "parse"), shown=parse)
        require_whole(trained, find_artifact(trained, "train"), shown=train)
        model, data = load_model(trained), load_description(raw)
        if (model.dataset, model.class_names) != (data.name, data.class_names):
            raise PipelineError(
                f"the model has learned from {model.dataset}, but {parse} holds {data.name}: run the stage train again"
            )
        images = load_array(raw / "test-images.npy", np.uint8, (None, *model.image_shape))
        labels = load_labels(raw / "test-labels.npy", len(images), len(model.class_names))
    if index >= len(images):
        raise UsageError(f"there are {len(images):,} test images: the index goes up to {len(images) - 1}")
    with threadpool_limits(1, "blas"):  # as in the evaluation, to the last bit
        (output,) = predict_raw(model, images[index : index + 1], first=index)
    digit = int(output.argmax())
    width = max(map(len, model.class_names))
    lines = [
        draw(images[index], sys.stdout.encoding),
        "",
        *(f"{name:>{width}}  {p:.6f}" for name, p in zip(model.class_names, output, strict=True)),
        "",
        f"digit {model.class_names[digit]}, confidence {output[digit]:.2%}, truth {model.class_names[labels[index]]}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    run_module(classify)
