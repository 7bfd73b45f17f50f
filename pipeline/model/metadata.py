"""Metadata of an exported model: all that prediction and picture reading need besides the arrays."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NoReturn

from pipeline.engine.documents import build
from pipeline.model.files import ADDED, CONTEXT, Content, Model


def model_metadata(model: Model, accuracy: float | None = None, images: int = 0) -> dict[str, str]:
    """Return the metadata for ONNX and safetensors: strings, or JSON for structured values.

    accuracy: on the test set, if it was measured. images: size of the test set.
    """
    context = {CONTEXT: json.dumps(model_metadata(model.context))} if model.context else {}
    tested = {} if accuracy is None else {"test_accuracy": repr(accuracy), "test_images": repr(images)}
    return {
        "layers": model.layers,
        "activation": model.activation,
        "loss": model.loss,
        "class_names": json.dumps(model.class_names, ensure_ascii=False),
        "negative_class": json.dumps(model.negative_class),
        "sliding": json.dumps(model.sliding),
        "ensemble_size": repr(len(model.parameters)),
        "image_shape": json.dumps(model.image_shape),
        "pixel_mean": repr(model.scaling.mean),
        "pixel_std": repr(model.scaling.std),
        "temperature": repr(model.temperature),
        "ink_statistics": json.dumps(asdict(model.ink_statistics)),
        "validation_accuracy": repr(model.validation_accuracy),
        "trained_on": model.dataset,
        **context,
        **tested,
    }


def parse_metadata(metadata: Mapping[str, str]) -> Any:
    """Return the `Content` of the model that the metadata describe; the inverse of `model_metadata`.

    Raises one of `documents.INVALID` if a value is missing or not valid.
    """
    texts = ("layers", "activation", "loss")
    values = ("class_names", "negative_class", "ensemble_size", "image_shape", "temperature", "ink_statistics")
    missing = {*texts, *values, "trained_on", "pixel_mean", "pixel_std"} - metadata.keys()
    if missing:
        raise ValueError(f"missing metadata: {', '.join(sorted(missing))}")
    scaling = {"mean": _parse(metadata["pixel_mean"]), "std": _parse(metadata["pixel_std"])}
    content = {name: metadata[name] for name in texts} | {name: _parse(metadata[name]) for name in values}
    content |= {name: _parse(metadata[name]) if name in metadata else value for name, value in ADDED.items()}
    return build(Content, {**content, "dataset": metadata["trained_on"], "scaling": scaling})


def _parse(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")
