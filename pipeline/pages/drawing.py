"""The page to draw on: a network, the program that reads with it, and a canvas, in one file that needs no network."""

import base64
import hashlib
from dataclasses import asdict
from pathlib import Path

from pipeline.model.files import Model
from pipeline.pages.packing import Packed, pack
from pipeline.pages.rendering import TEMPLATES, render

ROOM = 2_880_000  # characters for the numbers, of the three million that the page may have
STYLES = ("style.css", "drawing.css")
SCRIPTS = ("network.js", "prepare.js", "judge.js", "strokes.js", "pictures.js", "views.js", "pen.js", "drawing.js")


def save_drawing_page(path: Path, model: Model, accuracy: float, images: int, room: int = ROOM) -> str:
    """Write the page to `path`. accuracy: on so many test images.

    Returns what the page leaves out of a model that is too large for `room` characters, in a few words; else "".
    """
    packed = pack(model, room)
    lacking = _lacking(model, packed)
    script = _inline(SCRIPTS)
    page = render(
        "drawing.html",
        style=_inline(STYLES),
        script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        model={  # what `network.js` unpacks
            "sizes": model.sizes,
            "activation": model.activation,
            "cost": model.cost,
            "temperature": model.temperature,
            "mean": model.scaling.mean,
            "deviation": model.scaling.deviation,
            "shape": model.image_shape,
            "classNames": model.class_names,
            "appearance": asdict(model.appearance),
            "bits": packed.bits,
            "members": packed.members,
        },
        thing="digit" if all(name.isdecimal() and len(name) == 1 for name in model.class_names) else "picture",
        shape=model.image_shape,
        sizes=model.sizes,
        classes=len(model.class_names),
        members=len(model.members),
        packed=packed,
        lacking=lacking,
        accuracy=accuracy,
        images=images,
        dataset=model.dataset,
        cost=model.cost,
        activation={"relu": "ReLU"}.get(model.activation, model.activation),
    )
    path.write_text(page, encoding="utf-8")
    return lacking


def _lacking(model: Model, packed: Packed) -> str:
    if not packed.members:
        return "the network is too large for a page"
    if len(packed.members) < len(model.members):
        return f"{len(packed.members)} of its {len(model.members)} networks, in {packed.bits} bits a weight"
    return f"in {packed.bits} bits a weight" if packed.bits < 16 else ""


def _inline(names: tuple[str, ...]) -> str:
    """Our own files, which the template takes as they are."""
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)
