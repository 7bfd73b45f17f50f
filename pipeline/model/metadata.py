"""Metadata of an exported model: everything but the arrays that prediction and reading need."""

import json
from dataclasses import asdict

from pipeline.model.files import Model


def describe_model(model: Model, accuracy: float, images: int) -> dict[str, str]:
    """Return strings by name, as ONNX and safetensors keep them; what has structure is JSON.

    accuracy: on that many test images.
    """
    return {
        "layers": model.layers,
        "activation": model.activation,
        "loss": model.loss,
        "class_names": json.dumps(model.class_names, ensure_ascii=False),
        "image_shape": json.dumps(model.image_shape),
        "pixel_mean": repr(model.scaling.mean),
        "pixel_std": repr(model.scaling.std),
        "temperature": repr(model.temperature),
        "ink_statistics": json.dumps(asdict(model.ink_statistics)),
        "trained_on": model.dataset,
        "test_accuracy": repr(accuracy),
        "test_images": repr(images),
    }
