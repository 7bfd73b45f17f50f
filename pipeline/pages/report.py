"""The report: a page with the metrics, errors and training history of a model, and a table of other runs."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Augmenter
from pipeline.engine.documents import load_json
from pipeline.engine.errors import PipelineError
from pipeline.evaluation.metrics import compute_metrics, list_confusions, measure_reliability
from pipeline.model.header import Header
from pipeline.model.model import FILE, Model
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.network import count_parameters
from pipeline.pages.filters import PATCHES, draw_strongest, draw_weights, measure_excitation, rank_filters
from pipeline.pages.layer_table import receptive_fields
from pipeline.pages.origin import format_command
from pipeline.pages.plots import plot_accuracy, plot_loss, plot_reliability
from pipeline.pages.png import draw_grey
from pipeline.pages.rendering import render
from pipeline.pages.wording import format_dataset
from pipeline.training.history import Row, best_of
from pipeline.training.recipe import Recipe, override
from pipeline.training.runs import TrainingRun, find_run, name_data

MAX_MATRIX_CLASSES = 30  # with more classes, the report lists confusions instead of the matrix
CONFUSIONS = 40  # listed instead of the matrix
MAX_ERRORS = 28  # shown at first
MAX_CELL_ERRORS, MAX_HIDDEN_ERRORS = 12, 300  # shown after a click on a cell of the matrix; in all cells together
MAX_EARLIER = 10  # curves of earlier runs
MAX_RUNS = 15  # in the table
MAX_SEARCHED = 10_000  # test images in the search for patches
SAMPLES, COPIES = 10, 7  # images in the section on augmentation, and augmented copies of each


@dataclass(frozen=True)
class Findings:
    """The input of the report.

    runs: all training runs, latest first. key: of the one that the report is about. counts: images per split. history:
    all epochs of each network. layer_seconds: of each layer of the first network, per image. images: raw test images,
    uint8 (n, h, w). labels: uint8 (n,). probabilities: float32 (n, c). samples: raw training images, uint8 (m, h, w).
    commit, processor: where the report is written, "" if unknown. preparation: what was done to own data. warnings:
    what the data lack.
    """

    model: Model
    runs: Sequence[TrainingRun]
    key: str
    counts: Mapping[str, int]
    history: Sequence[Sequence[Row]]
    layer_seconds: Sequence[float]
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    samples: NDArray[np.uint8]
    commit: str
    processor: str
    preparation: Sequence[str] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Error:
    """A misread test image. picture: its data URI. cell: row and column of the confusion matrix."""

    index: int
    picture: str
    confidence: float
    cell: tuple[int, int]


def render_report(findings: Findings) -> str:
    """Return the report as a self-contained HTML page; the text is deterministic."""
    model, names = findings.model, findings.model.class_names
    metrics, confusion = compute_metrics([(findings.probabilities, findings.labels)], names)
    small = len(names) <= MAX_MATRIX_CLASSES
    errors = list_errors(findings, MAX_CELL_ERRORS if small else 0)
    run, earlier = find_run(findings.runs, findings.key)
    previous = earlier[0] if earlier else None
    parameters = run.manifest.provenance.parameters
    recipe = override(Recipe(), parameters)
    searched = findings.images[:: math.ceil(len(findings.images) / MAX_SEARCHED)]
    excitations = measure_excitation(model, searched)
    later = [each for each in excitations if each.layer > 1]
    weights = draw_weights(model)
    layers = model.networks[0].layers
    return render(
        "report.html",
        findings=findings,
        model=model,
        metrics=metrics,
        confusion=confusion,
        run=run,
        recipe=recipe,
        previous=previous,
        parameters=count_all_parameters(model),
        previous_parameters=previous and load_parameter_count(previous),
        command=format_command("train", model.dataset, parameters, findings.counts),
        activation=ACTIVATIONS[model.activation],
        best=[best_of(history).number for history in findings.history],
        accuracy=plot_accuracy(findings.history, [one.history[0] for one in earlier if one.history][:MAX_EARLIER]),
        loss=plot_loss(findings.history),
        reliability=plot_reliability(measure_reliability(findings.probabilities, findings.labels)),
        matrix=tint_matrix(confusion) if small else [],
        confusions=[] if small else list_confusions(confusion, names, CONFUSIONS),
        errors=errors,
        max_errors=MAX_ERRORS,
        cells=Counter(error.cell for error in errors) if small else {},
        layers=list(zip(layers, receptive_fields(layers), findings.layer_seconds, strict=True)),
        weights=weights,
        patches=draw_strongest(excitations[0], searched, weights) if excitations else {},
        later_patches=[(each, draw_strongest(each, searched, rank_filters(each))) for each in later],
        max_patches=PATCHES,
        searched=len(searched),
        augmented=draw_augmented(findings.samples, recipe),
        max_runs=MAX_RUNS,
        dataset_names=name_data(findings.runs, format_dataset),
    )


def count_all_parameters(header: Header) -> int:
    """Return the number of parameters of all networks of a model."""
    return header.ensemble_size * count_parameters(header.make_layers())


def load_parameter_count(run: TrainingRun) -> int | None:
    """Return the number of parameters of a training run; None if its model is damaged, or of an earlier version."""
    try:
        return count_all_parameters(load_json(run.entry / FILE, Header))
    except PipelineError:
        return None


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
            found.append(Error(index, draw_grey(findings.images[index]), float(confidence[index]), cell))
    return found


def draw_augmented(samples: NDArray[np.uint8], recipe: Recipe) -> list[list[str]]:
    """Return a row for each sample: its picture and COPIES augmented copies; [] if the recipe does not augment."""
    if not recipe.augmentation.changes_images:
        return []
    count, height, width = samples.shape
    augmenter = Augmenter(replace(recipe.augmentation, augment_fraction=1.0), height, width, count)
    pictures = samples.reshape(count, -1).astype(np.float32)
    generator = np.random.default_rng(recipe.seed)
    rows = [[draw_grey(sample)] for sample in samples]
    for _ in range(COPIES):
        copies = np.empty_like(pictures)
        augmenter(pictures, generator, copies)
        for row, copy in zip(rows, copies.reshape(samples.shape), strict=True):
            row.append(draw_grey(np.rint(np.clip(copy, 0, 255)).astype(np.uint8)))
    return rows
