"""The page of the lesson: a network, pictures, and the JavaScript that reads with it, in one HTML file that works
offline.
"""

from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import Any

from pipeline.html.lesson.lessons import Lessons, encode_images, make_image_header
from pipeline.html.lesson.packing import Packed, encode_array, pack
from pipeline.html.lesson.pictures import Pictures
from pipeline.html.rendering import digest_script, render
from pipeline.html.wording import are_digits
from pipeline.model.model import Model
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.layer import Layer
from pipeline.network.layers import Convolution

DESCRIPTION = "See how a neural network reads handwriting, in eight scenes, and train one yourself. It works offline."
# A pen stroke on a blue square.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' "
    "rx='7' fill='%231d5bd6'/%3E%3Cpath d='M10 9q6-4 10 0t-4 6q8 0 5 6t-12 3' fill='none' stroke='white' "
    "stroke-width='3' stroke-linecap='round'/%3E%3C/svg%3E"
)


def save_lesson(path: Path, model: Model, pictures: Pictures | None = None, lessons: Lessons | None = None) -> str:
    """Write the page of `render_lesson` to `path`; return how the model was reduced."""
    page, reduction = render_lesson(model, pictures, lessons)
    path.write_text(page, encoding="utf-8")
    return reduction


def render_lesson(model: Model, pictures: Pictures | None = None, lessons: Lessons | None = None) -> tuple[str, str]:
    """Return the page, and how the model was reduced to fit, "" if it is complete.

    pictures: of the scenes; without them, the page has no scenes, and only explores the network. lessons: images to
    train a network with, in the page.
    """
    packed = pack(model)
    reduction = _describe_reduction(model, packed)
    values = {
        **model_values(model, packed),
        "canvas": model.image_shape,
        "inkStatistics": asdict(model.ink_statistics),
        "pictures": pictures and _encode_pictures(pictures),
        "lessons": pictures and lessons and _encode_lessons(lessons, model),
    }
    page = render(
        "html/lesson/lesson.html",
        digest=digest_script,
        model=model,
        packed=packed,
        values=values,
        noun="digit" if are_digits(model.class_names) else "picture",
        pictures=pictures,
        reduction=reduction,
        activation=ACTIVATIONS[model.activation],
        description=DESCRIPTION,
        icon=ICON,
    )
    return page, reduction


def model_values(model: Model, packed: Packed) -> dict[str, Any]:
    """Return the input of `unpackModel` in network.js."""
    layers = [layer_geometry(layer) for layer in model.networks[0].layers]
    first = layers[[bool(layer.parameter_shapes) for layer in model.networks[0].layers].index(True)]
    first["outside"] = model.scaling.mean  # its input is not standardised: see `fold_scaling`
    first["residual"] /= model.scaling.std
    return {
        "layers": layers,
        "loss": model.loss,
        "temperature": model.temperature,
        "shape": model.image_shape,
        "classNames": model.class_names,
        "bits": packed.bits,
        "parameters": packed.layers,
    }


def _encode_pictures(pictures: Pictures) -> dict[str, Any]:
    """Return the input of `unpackPictures` in state.js."""
    chosen = {name: {"pixels": encode_array(image), "label": label} for name, (image, label) in pictures.chosen.items()}
    return {"chosen": chosen, "ring": pictures.ring, "excited": encode_array(pictures.excited.astype("<u4"))}


def _encode_lessons(lessons: Lessons, model: Model) -> dict[str, Any]:
    """Return the input of `unpackLessons` in state.js, and that of the learner."""
    header = make_image_header(model)
    layers = header.make_layers()
    return {
        "images": encode_images(lessons.images),
        "labels": encode_array(lessons.labels),
        "learnt": lessons.learnt,
        "header": asdict(header),
        "layers": [layer_geometry(layer) for layer in layers],
        "sizes": [[prod(shape) for shape in layer.parameter_shapes.values()] for layer in layers],
    }


def _describe_reduction(model: Model, packed: Packed) -> str:
    if not packed.layers:
        return "the network is too large for a page"
    parts = [f"1 of its {model.ensemble_size} networks"] if model.ensemble_size > 1 else []
    return ", ".join([*parts, f"in {packed.bits} bits per weight"] if packed.bits < 16 else parts)


def layer_geometry(layer: Layer) -> dict[str, Any]:
    """Return what network.js needs of a layer besides its parameters."""
    return {
        "kind": layer.kind,
        "inputShape": layer.input_shape,
        "outputShape": layer.output_shape,
        "window": layer.window,
        "stride": layer.stride,
        "padding": layer.padding,
        "activation": layer.activation and layer.activation.name,
        "dilation": layer.dilation if isinstance(layer, Convolution) else 1,
        "residual": int(isinstance(layer, Convolution) and layer.residual),
        "outside": 0,
    }
