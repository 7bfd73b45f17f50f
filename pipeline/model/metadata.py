"""What an exported model says of itself, so that the file alone is enough to use it."""

import json

from pipeline.model.files import Model


def describe_model(model: Model, accuracy: float, images: int) -> dict[str, str]:
    """Return strings by name, as ONNX and safetensors keep them; what has structure is JSON.

    accuracy: on so many test images.
    """
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
