"""The drawing demo: a model, the program that predicts with it, and a canvas, in one file that works offline."""

import base64
import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.model.files import Model
from pipeline.network.layers import Convolution, Layer
from pipeline.pages.packing import Packed, pack
from pipeline.pages.rendering import TEMPLATES, render

ROOM = 2_880_000  # characters for the parameters, of the three million that the page may have
STYLES = ("style.css", "drawing.css")
SCRIPTS = ("network.js", "prepare.js", "check.js", "strokes.js", "pictures.js", "views.js", "pen.js", "drawing.js")


def save_drawing_page(path: Path, model: Model, accuracy: float, images: int, room: int = ROOM) -> str:
    """Write the page to `path`. accuracy: on so many test images.

    Returns what the page leaves out of a model that is too large for `room` characters, in a few words; else "".
    """
    packed = pack(model, room)
    lacking = _lacking(model, packed)
    script = _inline(SCRIPTS)
    layers = model.networks[0].layers
    page = render(
        "drawing.html",
        style=_inline(STYLES),
        script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        model={  # what `network.js` unpacks
            "layers": [_describe(layer) for layer in layers],
            "activation": model.activation,
            "loss": model.loss,
            "temperature": model.temperature,
            "mean": model.scaling.mean,
            "std": model.scaling.std,
            "shape": model.image_shape,
            "classNames": model.class_names,
            "inkStatistics": asdict(model.ink_statistics),
            "bits": packed.bits,
            "networks": packed.networks,
        },
        thing="digit" if all(name.isdecimal() and len(name) == 1 for name in model.class_names) else "picture",
        shape=model.image_shape,
        architecture=model.architecture,
        hidden=layers[:-1],
        filters=isinstance(layers[0], Convolution),
        first=layers[0].outputs,
        classes=len(model.class_names),
        networks=len(model.parameters),
        packed=packed,
        lacking=lacking,
        accuracy=accuracy,
        images=images,
        dataset=model.dataset,
        loss=model.loss,
        activation={"relu": "ReLU"}.get(model.activation, model.activation),
    )
    path.write_text(page, encoding="utf-8")
    return lacking


def _lacking(model: Model, packed: Packed) -> str:
    if not packed.networks:
        return "the network is too large for a page"
    if len(packed.networks) < len(model.parameters):
        return f"{len(packed.networks)} of its {len(model.parameters)} networks, in {packed.bits} bits a weight"
    return f"in {packed.bits} bits a weight" if packed.bits < 16 else ""


def _describe(layer: Layer) -> dict[str, Any]:
    """What `network.js` has to know of a layer; a dense one has no kernel."""
    kernel = {"kernel": layer.kernel, "stride": layer.stride} if isinstance(layer, Convolution) else {}
    return {"inputShape": layer.input_shape, "outputShape": layer.output_shape, **kernel}


def _inline(names: tuple[str, ...]) -> str:
    """Our own files, which the template takes as they are."""
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
