"""What the report shows of the network itself: layers, filters, two examples, and the effect of shifts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from pipeline.model.files import Model
from pipeline.model.prediction import predict
from pipeline.pages.filters import FilterLayer, Unit, draw_later_filters, draw_units, measure_excitation
from pipeline.pages.forward_pass import ForwardPass, choose_images, draw_passes
from pipeline.pages.layer_table import LayerRow, list_layers
from pipeline.pages.plots import plot_shifts

MAX_SEARCHED, MAX_SHIFTED = 10_000, 2_000  # test images in the search for patches, and in the measurement of shifts
MAX_SHIFT = 4  # pixels, the margin around an MNIST digit
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # (down, right)


@dataclass(frozen=True)
class Inspection:
    """Input of the template network.html, with the sections on the network.

    searched: number of test images in which the patches were found. shifts: accuracies by distance, of the model and of
    the dense network, if there is one. shifted: number of test images that were shifted, one in `shifted_step`.
    """

    layers: list[LayerRow]
    units: list[Unit]
    later_filters: list[FilterLayer]
    searched: int
    passes: list[ForwardPass]
    shifts: list[list[float]]
    shifts_chart: Markup
    shifted: int
    shifted_step: int


def inspect_network(
    model: Model,
    dense: Model | None,
    layer_seconds: Sequence[float],
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
) -> Inspection:
    """Return what to show of the model; for the arguments, see `Findings`."""
    searched = images[:: _find_step(len(images), MAX_SEARCHED)]
    excitations = measure_excitation(model, searched)
    step = _find_step(len(images), MAX_SHIFTED)
    shifts = [measure_shifts(each, images[::step], labels[::step]) for each in (model, dense) if each]
    examples = choose_images(probabilities, labels)
    return Inspection(
        layers=list_layers(model.networks[0].layers, layer_seconds),
        units=draw_units(model, excitations, searched),
        later_filters=draw_later_filters(excitations, searched),
        searched=len(searched),
        passes=draw_passes(model, images, labels, probabilities, examples),
        shifts=shifts,
        shifts_chart=plot_shifts(shifts),
        shifted=len(images[::step]),
        shifted_step=step,
    )


def _find_step(count: int, most: int) -> int:
    """Return the step with which a slice of `count` images has at most `most`."""
    return math.ceil(count / most)


def measure_shifts(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> list[float]:
    """Return the accuracy for shifts of 0 to MAX_SHIFT pixels, each the mean over four directions.

    images: raw, (n, height, width).
    """
    return [
        float(np.mean([predict(model, shifted).argmax(axis=1) == labels for shifted in _shift(images, distance)]))
        for distance in range(MAX_SHIFT + 1)
    ]


def _shift(images: NDArray[np.uint8], distance: int) -> list[NDArray[np.uint8]]:
    """Return the images shifted in each direction; pixels from outside the image are 0."""
    if not distance:
        return [images]
    _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (distance, distance), (distance, distance)))
    corners = [(distance * (1 - down), distance * (1 - right)) for down, right in DIRECTIONS]
    return [padded[:, top : top + height, left : left + width] for top, left in corners]
