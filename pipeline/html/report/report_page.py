"""The report: a page with the metrics, errors and training history of a model, and a table of other runs."""

import base64
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Augmenter
from pipeline.data.scaling import standardise
from pipeline.engine.errors import PipelineError
from pipeline.html.rendering import render
from pipeline.html.report.drawings import KERNEL_PATCHES, draw_grey, draw_strongest, draw_weights, rank_kernels
from pipeline.html.report.plots import plot_accuracy, plot_loss, plot_reliability
from pipeline.html.wording import format_command
from pipeline.model.excitation import measure_excitation, receptive_fields
from pipeline.model.metrics import Metrics, list_confusions, measure_reliability
from pipeline.model.model import Model
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.network import Network, count_parameters, make_buffers
from pipeline.training.history import best_of
from pipeline.training.recipe import Recipe, override
from pipeline.training.stored_runs import TrainingRun, find_run

MAX_MATRIX_CLASSES = 30  # with more classes, the report lists confusions instead of the matrix
REPORTED_CONFUSIONS = 40  # listed instead of the matrix
TIMED_IMAGES, REPETITIONS = 64, 10  # of the forward passes in which the layers are timed; the fastest counts
MAX_ERRORS = 28  # shown at first
MAX_CELL_ERRORS, MAX_HIDDEN_ERRORS = 12, 300  # shown after a click on a cell of the matrix; in all cells together
MAX_LINKED = 1024  # pixels of an image that is part of a link
MAX_EARLIER = 10  # curves of earlier runs
MAX_RUNS = 15  # in the table
MAX_SEARCHED = 10_000  # test images in the search for patches
ERROR_SAMPLES, AUGMENTED = 10, 7  # images in the section on augmentation, and augmented copies of each


@dataclass(frozen=True)
class Findings:
    """The input of the report.

    runs: all training runs, latest first. key: key of the run that the report is about. counts: images per split.
    images: raw test images, uint8 (n, h, w). labels: (n,). metrics, confusion, (c, c), and probabilities, float32
    (n, c): what `evaluate` has computed. samples: raw training images, uint8 (m, h, w). preparation: what was done to
    own data. warnings: what the data lack.
    """

    model: Model
    runs: Sequence[TrainingRun]
    key: str
    counts: Mapping[str, int]
    images: NDArray[np.uint8]
    labels: NDArray[np.integer[Any]]
    metrics: Metrics
    confusion: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    samples: NDArray[np.uint8]
    preparation: Sequence[str] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Error:
    """A misread test image.

    picture: its data URI. link: to the lesson with this image, "" if it is large. cell: row and column of the
    confusion matrix.
    """

    index: int
    picture: str
    link: str
    confidence: float
    cell: tuple[int, int]


def render_report(findings: Findings) -> str:
    """Return the report as a self-contained HTML page, deterministic but for the times of the layers.

    Raises PipelineError if the history of the run is missing or damaged.
    """
    model, names, confusion = findings.model, findings.model.class_names, findings.confusion
    small = len(names) <= MAX_MATRIX_CLASSES
    errors = list_errors(findings, MAX_CELL_ERRORS if small else 0)
    run, earlier = find_run(findings.runs, findings.key)
    if not run.history:
        raise PipelineError("history.csv is missing or damaged: run the stage train again (make train)")
    previous = find_best(run, earlier)
    recipe = override(Recipe(), run.manifest.provenance.parameters)
    searched = findings.images[:: math.ceil(len(findings.images) / MAX_SEARCHED)]
    excitations = measure_excitation(model, searched)
    later = [each for each in excitations if each.layer > 1]
    weights = draw_weights(model)
    layers = model.networks[0].layers
    seconds = time_layers(model.networks[0], standardise(findings.images[:TIMED_IMAGES], model.scaling))
    return render(
        "html/report/report.html",
        findings=findings,
        model=model,
        metrics=findings.metrics,
        confusion=confusion,
        run=run,
        recipe=recipe,
        previous=previous,
        parameters=model.ensemble_size * count_parameters(layers),
        command=format_command("train", model.dataset, run.recipe, run.changes, findings.counts),
        activation=ACTIVATIONS[model.activation],
        best=[best_of(history).number for history in run.history],
        accuracy=plot_accuracy(
            run.history, [one.history[0] for one in list_same(run, earlier) if one.history][:MAX_EARLIER]
        ),
        loss=plot_loss(run.history),
        reliability=plot_reliability(measure_reliability(findings.probabilities, findings.labels)),
        matrix=tint_matrix(confusion) if small else [],
        confusions=[] if small else list_confusions(confusion, names, REPORTED_CONFUSIONS),
        errors=errors,
        max_errors=MAX_ERRORS,
        cells=Counter(error.cell for error in errors) if small else {},
        seconds=seconds,
        layers=list(zip(layers, receptive_fields(layers), seconds, strict=True)),
        weights=weights,
        patches=draw_strongest(excitations[0], searched, weights) if excitations else {},
        later_patches=[(each, draw_strongest(each, searched, rank_kernels(each))) for each in later],
        max_patches=KERNEL_PATCHES,
        searched=len(searched),
        augmented=draw_augmented(findings.samples, recipe),
        max_runs=MAX_RUNS,
        runs=[each for each in findings.runs if each.data == run.data],
    )


def list_same(run: TrainingRun, earlier: Sequence[TrainingRun]) -> list[TrainingRun]:
    """Return the earlier runs with the recipe of a run, but any seed."""
    recipes = [(each.recipe, {**each.changes, "seed": None}) for each in (run, *earlier)]
    return [each for each, recipe in zip(earlier, recipes[1:], strict=True) if recipe == recipes[0]]


def find_best(run: TrainingRun, earlier: Sequence[TrainingRun]) -> TrainingRun | None:
    """Return which of the earlier runs with the recipe of a run, but any seed, has the best validation accuracy."""
    return max(list_same(run, earlier), key=lambda each: each.validation_accuracy or 0, default=None)


def time_layers(network: Network, images: NDArray[np.float32]) -> list[float]:
    """Return the seconds per image that the forward pass spends in each layer; images (n, height, width)."""
    buffers, runs = make_buffers(network), []
    for _ in range(REPETITIONS):
        x, times = np.moveaxis(images, 0, -1)[np.newaxis], [time.perf_counter()]
        for layer, arrays, own in zip(network.layers, network.parameters.layers, buffers, strict=True):
            x, _ = layer.forward(arrays, x, own)
            times.append(time.perf_counter())
        runs.append(np.diff(times))
    return [float(each) / len(images) for each in np.min(runs, axis=0)]


def tint_matrix(confusion: NDArray[np.int64]) -> list[list[tuple[int, int]]]:
    """Return the count of each cell of the confusion matrix and the strength of its tint, 0 to 10.

    Off the diagonal, the strength is the square root of the count relative to the largest confusion, so that rare
    confusions are visible. On the diagonal, it is the share of the row.
    """
    wrong = confusion - np.diag(np.diag(confusion))
    most, rows = max(int(wrong.max()), 1), np.maximum(confusion.sum(axis=1), 1)
    strengths = np.sqrt(wrong / most) + np.diag(np.diag(confusion) / rows)
    tints = np.where(confusion > 0, np.maximum(np.rint(10 * strengths), 1), 0).astype(int)
    return [list(zip(*row, strict=True)) for row in zip(confusion.tolist(), tints.tolist(), strict=True)]


def list_errors(findings: Findings, per_cell: int) -> list[Error]:
    """Return the MAX_ERRORS most confident errors and the first `per_cell` of each cell, most confident first."""
    truths, probabilities = findings.labels, findings.probabilities
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != truths)
    found: list[Error] = []
    cells: Counter[tuple[int, int]] = Counter()
    for rank, index in enumerate(wrong[np.argsort(-confidence[wrong], kind="stable")].tolist()):
        cell = int(truths[index]), int(predicted[index])
        if rank < MAX_ERRORS or (cells[cell] < per_cell and len(found) < MAX_HIDDEN_ERRORS):
            cells[cell] += 1
            image = findings.images[index]
            link = link_demo(image, cell[0]) if image.size <= MAX_LINKED else ""
            found.append(Error(index, draw_grey(image), link, float(confidence[index]), cell))
    return found


def link_demo(image: NDArray[np.uint8], label: int) -> str:
    """Return the link to the lesson, written by `export`, that shows a test image; see link.js."""
    return f"../export/index.html#i={label}.{base64.b64encode(image.tobytes()).decode()}"


def draw_augmented(samples: NDArray[np.uint8], recipe: Recipe) -> list[list[str]]:
    """Return a row for each sample: its picture and its AUGMENTED copies; [] if the recipe does not augment."""
    if not recipe.augmentation.changes_images:
        return []
    count, height, width = samples.shape
    augmenter = Augmenter(replace(recipe.augmentation, augment_fraction=1.0), height, width, count)
    pictures = samples.reshape(count, -1).astype(np.float32)
    generator = np.random.default_rng(recipe.seed)
    versions, copies = [samples], np.empty_like(pictures)
    for _ in range(AUGMENTED):
        augmenter(pictures, generator, copies)
        versions.append(np.rint(np.clip(copies, 0, 255)).astype(np.uint8).reshape(samples.shape))
    return [[draw_grey(picture) for picture in row] for row in zip(*versions, strict=True)]
