"""The report: a page with the metrics, errors and training history of a model, and a table of other runs."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Augmenter
from pipeline.engine.artifacts import Manifest
from pipeline.evaluation.metrics import compute_metrics, list_confusions, measure_reliability
from pipeline.model.files import Model
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.network import count_parameters
from pipeline.pages.filters import PATCHES, draw_later_filters, draw_units, measure_excitation
from pipeline.pages.layer_table import list_layers
from pipeline.pages.origin import format_command
from pipeline.pages.pictures import draw_grey
from pipeline.pages.plots import plot_accuracy, plot_loss, plot_reliability
from pipeline.pages.rendering import render
from pipeline.pages.tiles import list_tiles
from pipeline.pages.wording import (
    are_digits,
    format_dataset,
    format_duration,
    format_name,
    format_time,
    format_value,
    percent,
)
from pipeline.training.history import Epoch, best_of
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import find_changes
from pipeline.training.runs import TrainingRun, find_run, name_data

MAX_MATRIX_CLASSES = 30  # with more classes, the report lists confusions instead of the matrix
CONFUSIONS = 40  # listed instead of the matrix
MAX_COMPACT_CLASSES = 12  # columns that fit a phone; more classes with long names get vertical column headings
SHORT_NAME = 3  # characters; longer names get wider columns
MAX_ERRORS = 28  # shown at first
MAX_CELL_ERRORS, MAX_HIDDEN_ERRORS = 12, 300  # shown after a click on a cell of the matrix; in all cells together
MAX_EARLIER = 10  # curves of earlier runs
MAX_RUNS = 15  # in the table
MAX_SEARCHED = 10_000  # test images in the search for patches
SAMPLES, COPIES = 10, 7  # images in the section on augmentation, and augmented copies of each


@dataclass(frozen=True)
class Findings:
    """The input of the report.

    trained: manifest of the training run. counts: images per split. layer_seconds: of each layer of the first network,
    per image. images: raw test images, uint8 (n, h, w). labels: uint8 (n,). probabilities: float32 (n, c). samples: raw
    training images, uint8 (m, h, w). runs: with this one, latest first. previous_parameters: their number in the
    previous run on the same data, None if unknown. commit, processor: where the report is written, "" if unknown.
    preparation: what was done to own data. warnings: what the data lack.
    """

    model: Model
    recipe_name: str
    recipe: Recipe
    trained: Manifest
    counts: Mapping[str, int]
    layer_seconds: Sequence[float]
    history: Sequence[Sequence[Epoch]]
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    samples: NDArray[np.uint8]
    runs: Sequence[TrainingRun]
    previous_parameters: int | None
    commit: str
    processor: str
    preparation: Sequence[str] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Error:
    """A misread test image.

    cell: row and column of the confusion matrix. at_first: whether it is shown before a click on a cell.
    """

    index: int
    picture: str
    predicted: str
    truth: str
    confidence: float
    cell: tuple[int, int]
    at_first: bool


def render_report(findings: Findings) -> str:
    """Return the report as a self-contained HTML page; the text is deterministic."""
    model, key = findings.model, findings.trained.provenance.key
    names = model.class_names
    metrics, confusion = compute_metrics([(findings.probabilities, findings.labels)], names)
    small, named = len(names) <= MAX_MATRIX_CLASSES, max(map(len, names)) > SHORT_NAME
    errors = list_errors(findings, MAX_CELL_ERRORS if small else 0)
    this, earlier = find_run(findings.runs, key)
    previous = earlier[0] if earlier else None
    curves = [run.history[0] for run in earlier if run.history]
    searched = findings.images[:: math.ceil(len(findings.images) / MAX_SEARCHED)]
    excitations = measure_excitation(model, searched)
    return render(
        "report.html",
        metrics=metrics,
        model=model,
        dataset=format_dataset(model.dataset),
        noun="digits" if are_digits(names) else "classes",
        recipe_name=findings.recipe_name,
        tiles=list_tiles(
            metrics,
            this.validation_accuracy,
            findings.history,
            count_all_parameters(model),
            previous,
            findings.previous_parameters,
        ),
        previous=previous,
        command=format_command(model.dataset, findings.trained.provenance.parameters),
        commit=findings.commit,
        processor=findings.processor,
        facts=list_facts(findings),
        warnings=findings.warnings,
        networks=len(model.parameters),
        accuracy=plot_accuracy(findings.history, curves[:MAX_EARLIER]),
        loss=plot_loss(findings.history),
        confusion=confusion,
        matrix=tint_matrix(confusion) if small else None,
        compact=len(names) <= MAX_COMPACT_CLASSES,
        named=named,
        vertical=named and len(names) > MAX_COMPACT_CLASSES,
        confusions=list_confusions(confusion, names, CONFUSIONS),
        reliability=plot_reliability(measure_reliability(findings.probabilities, findings.labels)),
        errors=errors,
        shown_errors=sum(error.at_first for error in errors),
        cells=Counter(error.cell for error in errors) if small else {},
        layers=list_layers(model.networks[0].layers, findings.layer_seconds),
        units=draw_units(model, excitations, searched),
        later_filters=draw_later_filters(excitations, searched),
        searched=len(searched),
        patches=PATCHES,
        first=model.networks[0].layers[0],
        filters=model.is_convolutional,
        augmented=draw_augmented(findings.samples, findings.recipe),
        recipe=findings.recipe,
        runs=findings.runs[:MAX_RUNS],
        more_runs=len(findings.runs[MAX_RUNS:]),
        current=key,
        dataset_names=name_data(findings.runs, format_dataset),
        percent=percent,
        format_time=format_time,
        format_name=format_name,
        format_value=format_value,
        format_duration=format_duration,
    )


def count_all_parameters(model: Model) -> int:
    """Return the number of parameters of all networks of a model."""
    return len(model.parameters) * count_parameters(model.networks[0].layers)


def list_facts(findings: Findings) -> list[tuple[str, str]]:
    """Return the facts about the run as pairs of name and text."""
    model, trained, recipe = findings.model, findings.trained, findings.recipe
    changes = find_changes(trained.provenance.parameters)
    changed = ", ".join(
        f"{format_name(name)} {format_value(value)} instead of {format_value(default)}"
        for name, (value, default) in changes.items()
    )
    networks = f"{len(model.parameters)} × " if len(model.parameters) > 1 else ""
    seeds = (
        f"{recipe.seed} to {recipe.seed + recipe.ensemble_size - 1}" if recipe.ensemble_size > 1 else str(recipe.seed)
    )
    best = [best_of(history).number for history in findings.history]
    environment = trained.provenance.environment
    height, width = model.image_shape
    return [
        ("Recipe", f"{findings.recipe_name}{': ' if changed else ''}{changed}"),
        ("Data set", f"{format_dataset(model.dataset)}, {len(model.class_names)} classes, {height} × {width} pixels"),
        ("Images", ", ".join(f"{count:,} {part}" for part, count in findings.counts.items())),
        *([("Preparation", "; ".join(findings.preparation))] if findings.preparation else []),
        ("Network", f"{networks}{model.architecture}, {ACTIVATIONS[model.activation].title}, {model.loss}"),
        ("Seed", seeds),
        ("Epochs", f"{recipe.epochs}; selected checkpoint: epoch {', '.join(map(str, best))}"),
        ("Temperature", f"{model.temperature:.3f}"),
        ("Trained", format_time(trained.created)),
        ("Versions", f"Python {environment.get('python', '?')}, NumPy {environment.get('numpy', '?')}"),
    ]


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
    names, truths, probabilities = findings.model.class_names, findings.labels, findings.probabilities
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != truths)
    found: list[Error] = []
    cells: Counter[tuple[int, int]] = Counter()
    for rank, index in enumerate(wrong[np.argsort(-confidence[wrong], kind="stable")].tolist()):
        cell = truth, other = int(truths[index]), int(predicted[index])
        if rank < MAX_ERRORS or (cells[cell] < per_cell and len(found) < MAX_HIDDEN_ERRORS):
            cells[cell] += 1
            picture = draw_grey(findings.images[index])
            found.append(
                Error(index, picture, names[other], names[truth], float(confidence[index]), cell, rank < MAX_ERRORS)
            )
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
