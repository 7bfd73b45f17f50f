"""The report: a page with the metrics, errors and training history of a model, and a table of other runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Augmenter
from pipeline.engine.artifacts import Manifest
from pipeline.evaluation.metrics import compute_metrics, list_confusions, measure_reliability
from pipeline.model.files import Model
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.network import count_parameters
from pipeline.pages.filters import PATCHES
from pipeline.pages.inspection import inspect_network
from pipeline.pages.pictures import draw_grey
from pipeline.pages.plots import plot_accuracy, plot_learning_rate, plot_loss, plot_reliability
from pipeline.pages.rendering import render
from pipeline.pages.wording import (
    are_digits,
    format_dataset,
    format_duration,
    format_name,
    format_time,
    format_value,
    percent,
)
from pipeline.training.history import Row, best_of
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import find_changes
from pipeline.training.runs import TrainingRun, name_data

MAX_MATRIX_CLASSES = 30  # with more classes, the report lists confusions instead of the matrix
CONFUSIONS, MORE_CONFUSIONS = 10, 40  # listed next to the matrix, and instead of it
MAX_COMPACT_CLASSES = 12  # columns that fit a phone; more classes with long names get vertical column headings
SHORT_NAME = 3  # characters; longer names get wider columns
MAX_ERRORS = 50
NBSP = "\u00a0"
SAMPLES, COPIES = 10, 7  # images in the section on augmentation, and augmented copies of each


@dataclass(frozen=True)
class Findings:
    """The input of the report.

    dense: a dense network to compare with, None without. trained: manifest of the training run. counts: images per
    split. seconds: duration per stage. layer_seconds: of each layer of the first network, per image. images: raw test
    images, uint8 (n, h, w). labels: uint8 (n,). probabilities: float32 (n, c). samples: raw training images, uint8
    (m, h, w). runs: latest first. preparation: what was done to own data. warnings: what the data lack.
    """

    model: Model
    dense: Model | None
    recipe_name: str
    recipe: Recipe
    trained: Manifest
    counts: Mapping[str, int]
    seconds: Mapping[str, float]
    layer_seconds: Sequence[float]
    history: Sequence[Sequence[Row]]
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    samples: NDArray[np.uint8]
    runs: Sequence[TrainingRun]
    preparation: Sequence[str] = ()
    warnings: Sequence[str] = ()


def render_report(findings: Findings) -> str:
    """Return the report as a self-contained HTML page; the text is deterministic."""
    names = findings.model.class_names
    predicted = findings.probabilities.argmax(axis=1).astype(np.uint8)
    reliability = measure_reliability(findings.probabilities, findings.labels)
    small = len(names) <= MAX_MATRIX_CLASSES
    named = max(map(len, names)) > SHORT_NAME
    metrics, confusion = compute_metrics([(findings.probabilities, findings.labels)], names)
    return render(
        "report.html",
        metrics=metrics,
        model=findings.model,
        dataset=format_dataset(findings.model.dataset),
        noun="digits" if are_digits(names) else "classes",
        recipe_name=findings.recipe_name,
        facts=list_facts(findings),
        warnings=findings.warnings,
        networks=len(findings.model.parameters),
        charts=[plot_loss(findings.history), plot_accuracy(findings.history), plot_learning_rate(findings.history)],
        matrix=tint_matrix(confusion) if small else None,
        compact=len(names) <= MAX_COMPACT_CLASSES,
        named=named,
        vertical=named and len(names) > MAX_COMPACT_CLASSES,
        confusions=list_confusions(confusion, names, CONFUSIONS if small else MORE_CONFUSIONS),
        reliability=plot_reliability(reliability),
        errors=list_errors(findings, predicted),
        inspection=inspect_network(
            findings.model,
            findings.dense,
            findings.layer_seconds,
            findings.images,
            findings.labels,
            findings.probabilities,
        ),
        activation=ACTIVATIONS[findings.model.activation],
        dense=findings.dense,
        patches=PATCHES,
        first=findings.model.networks[0].layers[0],
        filters=findings.model.is_convolutional,
        augmented=draw_augmented(findings.samples, findings.recipe),
        recipe=findings.recipe,
        runs=findings.runs,
        current=findings.trained.provenance.key,
        dataset_names=name_data(findings.runs, format_dataset),
        percent=percent,
        format_time=format_time,
        format_name=format_name,
        format_value=format_value,
        format_duration=format_duration,
    )


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
    seconds = sum(row.seconds for history in findings.history for row in history)
    best = [best_of(history).number for history in findings.history]
    environment = trained.provenance.environment
    height, width = model.image_shape
    times = findings.seconds.items()
    return [
        ("Recipe", findings.recipe_name),
        ("Changes to the recipe", changed or "none"),
        ("Data set", f"{format_dataset(model.dataset)}, {len(model.class_names)} classes, {height} × {width} pixels"),
        ("Images", ", ".join(f"{count:,} {part}" for part, count in findings.counts.items())),
        *([("Preparation", "; ".join(findings.preparation))] if findings.preparation else []),
        ("Network", f"{networks}{model.architecture}, {ACTIVATIONS[model.activation].title}, {model.loss}"),
        ("Parameters", f"{len(model.parameters) * count_parameters(model.networks[0].layers):,}"),
        ("Seed", seeds),
        ("Epochs", f"{recipe.epochs}; selected checkpoint: epoch {', '.join(map(str, best))}"),
        ("Temperature", f"{model.temperature:.3f}"),
        ("Trained", f"{format_time(trained.created)}, {format_duration(seconds)} of training"),
        ("Stages", ", ".join(f"{stage} {format_duration(time)}".replace(" ", NBSP) for stage, time in times)),
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


def list_errors(findings: Findings, predicted: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Return the MAX_ERRORS most confident errors, most confident first."""
    confidence = findings.probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != findings.labels)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:MAX_ERRORS]
    names = findings.model.class_names
    return [
        {
            "index": int(index),
            "picture": draw_grey(findings.images[index]),
            "predicted": names[predicted[index]],
            "confidence": float(confidence[index]),
            "truth": names[findings.labels[index]],
        }
        for index in order
    ]


def draw_augmented(samples: NDArray[np.uint8], recipe: Recipe) -> list[list[str]]:
    """Return a row for each sample: its picture and COPIES augmented ones; [] if the recipe does not augment."""
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
