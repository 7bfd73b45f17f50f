"""The drawing demo: a canvas, a model and the JavaScript that predicts with it, in one HTML file that works offline."""

import base64
import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.model.files import Model
from pipeline.network.layers import Convolution, Layer
from pipeline.pages.packing import Packed, pack
from pipeline.pages.rendering import TEMPLATES, render
from pipeline.pages.wording import are_digits, format_dataset

MAX_CHARACTERS = 2_880_000  # of the parameters; the whole page is limited to 3 million
STYLES = ("style.css", "drawing.css")
SCRIPTS = (
    "network.js",
    "prepare.js",
    "strokes.js",
    "segment.js",
    "reading.js",
    "pictures.js",
    "views.js",
    "pen.js",
    "drawing.js",
)
ROW = (3, 4)  # height : width of a canvas with room for five digits


def save_drawing_page(
    path: Path, model: Model, accuracy: float, images: int, max_characters: int = MAX_CHARACTERS
) -> str:
    """Write the page to `path`; return how the model was reduced to fit, "" if it is complete.

    accuracy: share in [0, 1] on `images` test images. max_characters: upper bound for the packed parameters.
    """
    packed = pack(model, max_characters)
    reduction = _describe_reduction(model, packed)
    script = _join_templates(SCRIPTS)
    layers = model.networks[0].layers
    noun = "digit" if are_digits(model.class_names) else "picture"
    canvas = ROW if noun == "digit" else model.image_shape
    page = render(
        "drawing.html",
        style=_join_templates(STYLES),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        model={  # input of `unpackModel` in network.js
            "layers": [_layer_geometry(layer) for layer in layers],
            "activation": model.activation,
            "loss": model.loss,
            "temperature": model.temperature,
            "mean": model.scaling.mean,
            "std": model.scaling.std,
            "shape": model.image_shape,
            "canvas": canvas,
            "classNames": model.class_names,
            "inkStatistics": asdict(model.ink_statistics),
            "bits": packed.bits,
            "networks": packed.networks,
        },
        noun=noun,
        shape=model.image_shape,
        canvas=canvas,
        architecture=model.architecture,
        hidden=layers[:-1],
        filters=model.is_convolutional,
        first=layers[0].outputs,
        classes=len(model.class_names),
        negative_class=model.negative_class,
        networks=len(model.parameters),
        packed=packed,
        reduction=reduction,
        accuracy=accuracy,
        images=images,
        dataset=format_dataset(model.dataset),
        loss=model.loss,
        activation={"relu": "ReLU"}.get(model.activation, model.activation),
    )
    path.write_text(page, encoding="utf-8")
    return reduction


def _describe_reduction(model: Model, packed: Packed) -> str:
    if not packed.networks:
        return "the network is too large for a page"
    if len(packed.networks) < len(model.parameters):
        return f"{len(packed.networks)} of its {len(model.parameters)} networks, in {packed.bits} bits per weight"
    return f"in {packed.bits} bits per weight" if packed.bits < 16 else ""


def _layer_geometry(layer: Layer) -> dict[str, Any]:
    """Return the shapes that network.js needs; kernel size and stride only for a convolution."""
    kernel = {"kernel": layer.kernel, "stride": layer.stride} if isinstance(layer, Convolution) else {}
    return {"inputShape": layer.input_shape, "outputShape": layer.output_shape, **kernel}


def _join_templates(names: tuple[str, ...]) -> str:
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
