"""Metadata of an exported model: all that prediction and picture reading need besides the arrays."""

import json
from dataclasses import asdict

from pipeline.model.files import Model


def model_metadata(model: Model, accuracy: float, images: int) -> dict[str, str]:
    """Return the metadata for ONNX and safetensors: strings, or JSON for structured values.

    accuracy: on the test set. images: size of the test set.
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
