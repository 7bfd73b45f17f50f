"""The report: how well the network reads, where it errs, how it came about, and how other trainings did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.deform import Deformer
from pipeline.engine.artifacts import Manifest
from pipeline.evaluation.metrics import list_confusions, measure_reliability, summarise
from pipeline.model.files import Model
from pipeline.network.layers import Convolution
from pipeline.network.network import count_parameters
from pipeline.pages.pictures import draw_grey, draw_signed
from pipeline.pages.plots import plot_accuracy, plot_cost, plot_learning_rate, plot_reliability
from pipeline.pages.rendering import render
from pipeline.pages.runs import Training
from pipeline.pages.wording import duration, in_words, percent, shown, when
from pipeline.training.history import Row, best_of
from pipeline.training.recipes import Recipe, find_changes

CLASSES_IN_TABLE = 30  # of a confusion matrix; of more than these the list of confusions tells more
CONFUSIONS, MORE_CONFUSIONS = 10, 40  # listed beside the matrix, and in its place
CLASSES_ACROSS, SHORT_NAME = 12, 3  # more classes with longer names are written upright above a matrix
MISTAKES, UNITS = 50, 64  # shown at most
BENT_IMAGES, COPIES = 8, 7


@dataclass(frozen=True)
class Findings:
    """All that the report is about.

    recipe_name, recipe: of the training, whose manifest is `trained`. counts: of images, and seconds: that stages
    worked, by name. images: of the test, raw, uint8 (n, h, w), with labels uint8 (n,) and probabilities float32 (n, c).
    samples: some raw training images, uint8 (m, h, w). trainings: the latest first.
    """

    model: Model
    recipe_name: str
    recipe: Recipe
    trained: Manifest
    counts: Mapping[str, int]
    seconds: Mapping[str, float]
    history: Sequence[Sequence[Row]]
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    samples: NDArray[np.uint8]
    trainings: Sequence[Training]


def render_report(found: Findings) -> str:
    """The report as one page of HTML that needs nothing else. Equal findings give equal text."""
    names = found.model.class_names
    said = found.probabilities.argmax(axis=1).astype(np.uint8)
    reliability = measure_reliability(found.probabilities, found.labels)
    small = len(names) <= CLASSES_IN_TABLE
    metrics, confusion = summarise([(found.probabilities, found.labels)], names)
    return render(
        "report.html",
        metrics=metrics,
        model=found.model,
        recipe_name=found.recipe_name,
        facts=list_facts(found),
        networks=len(found.model.parameters),
        charts=[plot_cost(found.history), plot_accuracy(found.history), plot_learning_rate(found.history)],
        heat=heat(confusion) if small else None,
        upright=len(names) > CLASSES_ACROSS and max(map(len, names)) > SHORT_NAME,
        confusions=list_confusions(confusion, names, CONFUSIONS if small else MORE_CONFUSIONS),
        reliability=plot_reliability(reliability),
        mistakes=list_mistakes(found, said),
        units=draw_units(found.model),
        first=found.model.networks[0].layers[0],
        filters=isinstance(found.model.networks[0].layers[0], Convolution),
        bent=draw_bent(found.samples, found.recipe),
        recipe=found.recipe,
        trainings=found.trainings,
        data_names=_tell_data_apart(found.trainings),
        percent=percent,
        when=when,
        in_words=in_words,
        shown=shown,
        duration=duration,
    )


def list_facts(found: Findings) -> list[tuple[str, str]]:
    """What there is to know of the run, by name, as text."""
    model, trained, recipe = found.model, found.trained, found.recipe
    changes = find_changes(trained.provenance.parameters)
    changed = ", ".join(
        f"{in_words(name)} {shown(value)} instead of {shown(usual)}" for name, (value, usual) in changes.items()
    )
    networks = f"{len(model.parameters)} of " if len(model.parameters) > 1 else ""
    seeds = (
        f"{recipe.seed} to {recipe.seed + recipe.ensemble_size - 1}" if recipe.ensemble_size > 1 else str(recipe.seed)
    )
    learning = sum(row.seconds for history in found.history for row in history)
    best = [best_of(history).number for history in found.history]
    environment = trained.provenance.environment
    height, width = model.image_shape
    return [
        ("Recipe", found.recipe_name),
        ("Changed in it", changed or "nothing"),
        ("Data set", f"{model.dataset}, {len(model.class_names)} classes, {height} x {width} pixels"),
        ("Images", ", ".join(f"{count:,} {part}" for part, count in found.counts.items())),
        ("Network", f"{networks}{model.architecture}, {model.activation}, {model.loss}"),
        ("Parameters", f"{len(model.parameters) * count_parameters(model.networks[0].layers):,}"),
        ("Seed", seeds),
        ("Epochs", f"{recipe.epochs}; kept: that after epoch {', '.join(map(str, best))}"),
        ("Temperature", f"{model.temperature:.3f}"),
        ("Trained", f"{when(trained.made)}, {duration(learning)} of training"),
        ("Stages", ", ".join(f"{stage} {duration(seconds)}" for stage, seconds in found.seconds.items())),
        ("Made with", f"Python {environment.get('python', '?')}, NumPy {environment.get('numpy', '?')}"),
    ]


def heat(confusion: NDArray[np.int64]) -> list[list[tuple[int, int]]]:
    """For each cell of the matrix its count, and how strongly it is to be tinted, 0 to 10.

    What is confused is tinted by the square root of its count beside the most frequent confusion, so that rare ones are
    seen, whatever stands on the diagonal; the diagonal by the share of its row.
    """
    wrong = confusion - np.diag(np.diag(confusion))
    most, rows = max(int(wrong.max()), 1), np.maximum(confusion.sum(axis=1), 1)
    strengths = np.sqrt(wrong / most) + np.diag(np.diag(confusion) / rows)
    tints = np.where(confusion > 0, np.maximum(np.rint(10 * strengths), 1), 0).astype(int)
    return [list(zip(*row, strict=True)) for row in zip(confusion.tolist(), tints.tolist(), strict=True)]


def list_mistakes(found: Findings, said: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """The images about which the network was surest and wrong, the surest first."""
    confidence = found.probabilities.max(axis=1)
    wrong = np.flatnonzero(said != found.labels)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:MISTAKES]
    names = found.model.class_names
    return [
        {
            "number": int(number),
            "picture": draw_grey(found.images[number]),
            "said": names[said[number]],
            "confidence": float(confidence[number]),
            "truth": names[found.labels[number]],
        }
        for number in order
    ]


def draw_units(model: Model) -> list[str]:
    """Pictures of the first layer's weights, or of its kernels: the UNITS largest, those of the first network."""
    layer, weights = model.networks[0].layers[0], model.parameters[0].weights[0]
    shape = layer.weight_shape[2:] if isinstance(layer, Convolution) else model.image_shape
    rows = weights.reshape(layer.outputs, *shape).astype(np.float64)
    order = np.argsort(-np.linalg.norm(rows, axis=(1, 2)), kind="stable")[:UNITS]
    limit = float(np.quantile(np.abs(rows[order]), 0.995))
    return [draw_signed(row, limit) for row in rows[order]]


def draw_bent(samples: NDArray[np.uint8], recipe: Recipe) -> list[list[str]]:
    """Of each sample the picture and some copies, as the recipe bends them; nothing if it bends nothing."""
    augmentation = recipe.augmentation
    if not augmentation.augment_fraction or not (augmentation.moves or augmentation.stroke_width):
        return []
    count, height, width = samples.shape
    deformer = Deformer(replace(augmentation, augment_fraction=1.0), height, width, count)
    pictures = samples.reshape(count, -1).astype(np.float32)
    generator = np.random.default_rng(recipe.seed)
    rows = [[draw_grey(sample)] for sample in samples]
    for _ in range(COPIES):
        copies = np.empty_like(pictures)
        deformer(pictures, np.arange(count), generator, copies)
        for row, copy in zip(rows, copies.reshape(samples.shape), strict=True):
            row.append(draw_grey(np.rint(np.clip(copy, 0, 255)).astype(np.uint8)))
    return rows


def _tell_data_apart(trainings: Sequence[Training]) -> dict[str, str]:
    """The name of the data set for each digest of data, with some digits of it where two have the same name."""
    names = {training.data: training.dataset for training in trainings}
    repeated = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {data: f"{name} ({data[:6]})" if name in repeated else name for data, name in names.items()}
