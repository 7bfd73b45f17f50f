"""Forward passes of test images: the activations of each layer, the logits and the probabilities."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.model.files import Model
from pipeline.network.activations import Array
from pipeline.network.network import forward
from pipeline.pages.pictures import draw_grey, draw_maps

MAX_MAPS, MAX_UNITS = 64, 1024  # feature maps and units of one layer; the first ones are shown
MAX_CLASSES = 10  # the most probable ones are listed
FULL = 0.99  # quantile of the activations of a layer that are drawn in full colour


@dataclass(frozen=True)
class LayerPicture:
    """The activations of one layer as a picture."""

    title: str
    size: str
    picture: str


@dataclass(frozen=True)
class ForwardPass:
    """One test image. classes: name, logit and probability of the most probable classes, in the order of the model."""

    index: int
    truth: str
    predicted: str
    confidence: float
    picture: str
    layers: list[LayerPicture]
    classes: list[tuple[str, float, float]]


def choose_images(probabilities: NDArray[np.float32], labels: NDArray[np.uint8]) -> list[int]:
    """Return the indices of a correct prediction and of the most confident error, as far as they exist.

    The correct one is the most confident of the same class, or of all if no image of the class is correct.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    hits, errors = np.flatnonzero(correct), np.flatnonzero(~correct)
    examples = []
    if len(errors):
        examples.append(int(errors[confidence[errors].argmax()]))
        same = hits[labels[hits] == labels[examples[0]]]
        hits = same if len(same) else hits
    if len(hits):
        examples.insert(0, int(hits[confidence[hits].argmax()]))
    return examples


def draw_passes(
    model: Model,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    indices: Sequence[int],
) -> list[ForwardPass]:
    """Return the forward pass of the images with these indices through the first network.

    images: raw, (n, height, width). labels: (n,). probabilities: (n, classes). The pictures of a layer have the same
    scale. The logits are means over all networks.
    """
    names = model.class_names
    inputs = np.moveaxis(standardise(images[list(indices)], model.scaling), 0, -1)
    caches = [forward(network, inputs) for network in model.networks]
    logits = np.mean([cache.logits for cache in caches], axis=0)
    outputs = caches[0].outputs[:-1]
    limits = [float(np.quantile(np.abs(output), FULL)) or float(np.abs(output).max()) for output in outputs]
    passes = []
    for column, index in enumerate(indices):
        likeliest = sorted(np.argsort(-probabilities[index], kind="stable")[:MAX_CLASSES].tolist())
        passes.append(
            ForwardPass(
                index=index,
                truth=names[labels[index]],
                predicted=names[probabilities[index].argmax()],
                confidence=float(probabilities[index].max()),
                picture=draw_grey(images[index]),
                layers=[
                    _draw_layer(number, output[..., column], limit)
                    for number, (output, limit) in enumerate(zip(outputs, limits, strict=True), start=1)
                ],
                classes=[
                    (names[each], float(logits[each, column]), float(probabilities[index, each])) for each in likeliest
                ],
            )
        )
    return passes


def _draw_layer(number: int, activations: Array, limit: float) -> LayerPicture:
    """Draw activations (units,) or (channels, height, width)."""
    if activations.ndim > 1:
        channels, height, width = activations.shape
        maps, size = activations[:MAX_MAPS], f"{channels} maps of {height} × {width}"
        columns = math.ceil(math.sqrt(len(maps)))
    else:
        maps, size = activations[:MAX_UNITS].reshape(-1, 1, 1), f"{len(activations)} units"
        columns = math.ceil(math.sqrt(len(maps) / 2))
    shown = f", the first {len(maps)}" if len(maps) < len(activations) else ""
    return LayerPicture(f"Layer {number}", size + shown, draw_maps(maps, limit, columns))
