"""What an exported model says of itself, so that the file alone is enough to use it."""

import json
from pathlib import Path

from pipeline.engine.documents import load_json
from pipeline.engine.errors import PipelineError
from pipeline.network.model import Model


def describe_model(model: Model, metrics: Path) -> dict[str, str]:
    """Strings by name, as ONNX and safetensors keep them; what has structure is JSON.

    metrics: the file that the evaluation has written. Raises PipelineError if it is damaged.
    """
    content = load_json(metrics)
    try:
        accuracy, images = float(content["accuracy"]), int(content["images"])
        told = 0 <= accuracy <= 1 and images > 0
    except (KeyError, TypeError, ValueError, OverflowError):
        told = False
    if not told:
        raise PipelineError(f"{metrics} tells no accuracy: remove it and run its stage again")
    return {
        "class_names": json.dumps(model.class_names, ensure_ascii=False),
        "image_shape": json.dumps(model.image_shape),
        "activation": model.activation,
        "cost": model.cost,
        "pixel_mean": repr(model.scaling.mean),
        "pixel_deviation": repr(model.scaling.deviation),
        "temperature": repr(model.temperature),
        "trained_on": model.dataset,
        "test_accuracy": repr(accuracy),
        "test_images": repr(images),
    }
