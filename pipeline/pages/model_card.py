"""A model card says what a model is, how good it is, how it came to be, and what it should not be used for.

Its head, between two lines of dashes, is for machines: YAML as Hugging Face reads it.
(Mitchell et al. 2019, Model cards for model reporting)
"""

import html
import itertools
import re
import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pipeline.data.catalogue import CUSTOM, DATASETS
from pipeline.data.dataset import is_printable
from pipeline.data.split import TWELFTH, count_held_out
from pipeline.engine.arrays import read_array
from pipeline.engine.documents import Count, Share, load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import environment
from pipeline.evaluation.metrics import Metrics, list_confusions, load_metrics
from pipeline.model.files import Model
from pipeline.model.safetensors import list_modules
from pipeline.network.layers import Convolution, Layer
from pipeline.pages.rendering import render
from pipeline.training.recipes import Recipe, RecipeName, find_changes, to_dict

MISTAKES = 5  # that are told, the most frequent ones
TAGS = {
    "mnist": ["handwriting-recognition", "digits", "mnist"],
    "sample": ["handwriting-recognition", "digits", "mnist"],
    "fashion-mnist": ["fashion-mnist"],
    "kmnist": ["handwriting-recognition", "kuzushiji", "kmnist"],
}


@dataclass(frozen=True)
class Images:
    """How many images a model has learned from, and how many were held out."""

    training: Count
    validation: Count


@dataclass(frozen=True)
class Training:
    """How a model was trained, by its model.json.

    validation_accuracy: on the images that were held out. best_epochs: of each network the epoch whose parameters it
    has. versions: of Python and NumPy.
    """

    recipe: RecipeName
    values: Recipe
    images: Images
    validation_accuracy: Share
    best_epochs: tuple[Count, ...]
    versions: Mapping[str, str]

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Each value that differs from the recipe's own, with both."""
        return find_changes({"recipe": self.recipe, **to_dict(self.values)})


def make_model_card(model: Model, train: Path, evaluate: Path) -> str:
    """The card, as Markdown, of the model in two artifacts' folders. Raises PipelineError if they are damaged."""
    training = load_training(train / "model.json")
    metrics = load_metrics(evaluate)
    if tuple(metrics.classes) != model.class_names:
        raise PipelineError(f"{evaluate} has metrics of other classes than {train}: run the stage evaluate again")
    classes = len(model.class_names)
    confusion = read_array(evaluate / "confusion.npy", np.int64, (classes, classes))
    names = [escape(name) for name in model.class_names]
    rows = list(zip(names, metrics.classes.values(), strict=True))
    by_recall = sorted((row for row in rows if row[1].images), key=lambda row: row[1].recall)
    f1 = statistics.fmean(one.f1 for one in metrics.classes.values())
    card = render(
        "model_card.md",
        head=yaml.safe_dump(_describe(model, training, metrics, f1), sort_keys=False, allow_unicode=True, width=1000),
        data=DATASETS.get(model.dataset),
        model=model,
        layers=describe_layers(model.networks[0].layers),
        parameters=sum(parameters.flat.size for parameters in model.parameters),
        modules=list_modules(model),
        training=training,
        values=training.values,
        metrics=metrics,
        f1=f1,
        rows=rows,
        worst=by_recall[0],
        best=by_recall[-1],
        mistakes=list_confusions(confusion, names, MISTAKES),
        command=spell_command(model.dataset, training),
        versions={
            **{escape(name): escape(version) for name, version in training.versions.items()},
            **environment(["onnx", "safetensors"]),
        },
    )
    return re.sub(r"\n{3,}", "\n\n", card).rstrip() + "\n"  # where a part is left out


def load_training(path: Path) -> Training:
    """How the model was trained that `path`, a model.json, describes. Raises PipelineError if that cannot be told."""
    advice = "run the stage train again (make train)"
    return load_json(path, Training, lambda content: {**content["training"], "values": content["training"]}, advice)


def spell_command(dataset: str, training: Training) -> str:
    """The call of make that makes this model anew: the recipe and the data set, and what else is not as declared."""
    words, images = [f"DATASET={dataset}"], training.images
    if dataset == CUSTOM:
        words.append("FROM=my-data")
    if images.validation != count_held_out(TWELFTH, images.training + images.validation):
        words.append(f"VALIDATION={images.validation}")
    words.append(f"RECIPE={training.recipe}")
    words += [f"{name.upper()}={shlex.quote(str(value))}" for name, (value, _) in training.changes.items()]
    return " ".join(["make export", *words])


def describe_layers(layers: Sequence[Layer]) -> str:
    """The layers in words: "2 convolutions of 5 x 5 with stride 2 (16, 64 filters), 2 dense layers (128, 10 units)"."""

    def describe(layer: Layer) -> tuple[str, str, str]:
        if isinstance(layer, Convolution):
            return "convolution", f" of {layer.kernel} x {layer.kernel} with stride {layer.stride}", "filters"
        return "dense layer", "", "units"

    parts = []
    for (kind, size, unit), group in itertools.groupby(layers, describe):
        outputs = [str(layer.outputs) for layer in group]
        parts.append(f"{len(outputs)} {kind}{'s' if len(outputs) > 1 else ''}{size} ({', '.join(outputs)} {unit})")
    return ", ".join(parts)


def escape(text: str) -> str:
    """The text, so that Markdown takes none of it for its own, within a table neither; HTML does not either."""
    text = "".join(each if is_printable(each) else "\ufffd" for each in text)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", html.escape(text, quote=False))


def _describe(model: Model, training: Training, metrics: Metrics, f1: float) -> dict[str, Any]:
    """The card's head."""
    convolutional = isinstance(model.networks[0].layers[0], Convolution)
    kind = "convolutional-neural-network" if convolutional else "multilayer-perceptron"
    data = DATASETS.get(model.dataset)
    measured = {
        "accuracy": ("Accuracy", metrics.accuracy),
        "f1": ("F1, mean over classes", f1),
        "nll": ("Negative log-likelihood", metrics.negative_log_likelihood),
        "ece": ("Expected calibration error", metrics.expected_calibration_error),
    }
    result = {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {
            "name": data.title if data else "Own data",
            "type": (data.hub if data else "") or model.dataset,
            "split": "test",
        },
        "metrics": [
            {"type": name, "name": title, "value": round(value, 6)} for name, (title, value) in measured.items()
        ],
    }
    return {
        **({"license": "mit"} if data else {}),
        "library_name": "onnx",
        "pipeline_tag": "image-classification",
        "tags": ["onnx", "safetensors", "numpy", kind, *TAGS.get(model.dataset, [])],
        **({"datasets": [data.hub]} if data and data.hub else {}),
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": f"{model.dataset}-{training.recipe}", "results": [result]}],
    }
