"""What the report shows of the network itself: layers, filters, two examples, and the effect of shifts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from pipeline.model.files import Model
from pipeline.pages.excitation import measure_excitation
from pipeline.pages.layer_table import LayerRow, list_layers
from pipeline.pages.passage import Passage, choose_passages, draw_passages
from pipeline.pages.plots import plot_shifts
from pipeline.pages.shifts import measure_shifts
from pipeline.pages.units import FilterLayer, Unit, draw_later_filters, draw_units

MAX_SEARCHED, MAX_SHIFTED = 10_000, 2_000  # test images in the search for patches, and in the measurement of shifts


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
    passages: list[Passage]
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
    examples = choose_passages(probabilities, labels)
    return Inspection(
        layers=list_layers(model.networks[0].layers, layer_seconds),
        units=draw_units(model, excitations, searched),
        later_filters=draw_later_filters(excitations, searched),
        searched=len(searched),
        passages=draw_passages(model, images, labels, probabilities, examples),
        shifts=shifts,
        shifts_chart=plot_shifts(shifts),
        shifted=len(images[::step]),
        shifted_step=step,
    )


def _find_step(count: int, most: int) -> int:
    """Return the step with which a slice of `count` images has at most `most`."""
    return math.ceil(count / most)
