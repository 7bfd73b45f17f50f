"""The model card: description, training, metrics and limits of a model, with front matter in Hugging Face's YAML.

(Mitchell et al. 2019, Model cards for model reporting)
"""

import html
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
from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out
from pipeline.data.styles import are_ten_digits
from pipeline.engine.arrays import read_array
from pipeline.engine.documents import Count, Share, load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import environment
from pipeline.engine.terminal import is_printable
from pipeline.evaluation.metrics import Metrics, list_confusions, load_metrics
from pipeline.model.files import Model
from pipeline.model.safetensors import list_modules
from pipeline.network.activations import ACTIVATIONS
from pipeline.pages.rendering import render
from pipeline.pages.wording import describe_layers
from pipeline.training.recipe import Recipe, to_dict
from pipeline.training.recipes import RecipeName, find_changes

CONFUSIONS = 5  # listed, most frequent first
TAGS = {
    "mnist": ["handwriting-recognition", "digits", "mnist"],
    "sample": ["handwriting-recognition", "digits", "mnist"],
    "fashion-mnist": ["fashion-mnist"],
    "kmnist": ["handwriting-recognition", "kuzushiji", "kmnist"],
}


@dataclass(frozen=True)
class ImageCounts:
    """Sizes of the training and validation splits."""

    training: Count
    validation: Count


@dataclass(frozen=True)
class Training:
    """The training run of a model, from its model.json.

    best_epochs: selected epoch of each network. versions: of Python and NumPy.
    """

    recipe: RecipeName
    values: Recipe
    images: ImageCounts
    validation_accuracy: Share
    best_epochs: tuple[Count, ...]
    versions: Mapping[str, str]

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Values that differ from the recipe: {name: (value, value of the recipe)}."""
        return find_changes({"recipe": self.recipe, **to_dict(self.values)})


def make_model_card(model: Model, train: Path, evaluate: Path, preparation: Sequence[str] = ()) -> str:
    """Return the model card as Markdown.

    train, evaluate: folders of the artifacts. preparation: of own data. Raises PipelineError if they are damaged.
    """
    training = load_training(train / "model.json")
    metrics = load_metrics(evaluate)
    if tuple(metrics.classes) != model.class_names:
        raise PipelineError(f"{evaluate} and {train} have different classes: run the stage evaluate again")
    classes = len(model.class_names)
    confusion = read_array(evaluate / "confusion.npy", np.int64, (classes, classes))
    names = [escape(name) for name in model.class_names]
    rows = list(zip(names, metrics.classes.values(), strict=True))
    by_recall = sorted((row for row in rows if row[1].images), key=lambda row: row[1].recall)
    f1 = statistics.fmean(one.f1 for one in metrics.classes.values())
    card = render(
        "model_card.md",
        front_matter=yaml.safe_dump(
            _make_front_matter(model, training, metrics, f1), sort_keys=False, allow_unicode=True, width=1000
        ),
        data=DATASETS.get(model.dataset),
        model=model,
        layers=describe_layers(model.networks[0].layers),
        activation=ACTIVATIONS[model.activation],
        parameters=sum(parameters.flat.size for parameters in model.parameters),
        modules=list_modules(model),
        training=training,
        values=training.values,
        styles=training.values.styles if are_ten_digits(model.class_names) else 0.0,
        metrics=metrics,
        f1=f1,
        rows=rows,
        worst=by_recall[0],
        best=by_recall[-1],
        confusions=list_confusions(confusion, names, CONFUSIONS),
        preparation=preparation,
        command=format_command(model.dataset, training),
        versions={
            **{escape(name): escape(version) for name, version in training.versions.items()},
            **environment(["onnx", "safetensors"]),
        },
    )
    return re.sub(r"\n{3,}", "\n\n", card).rstrip() + "\n"  # skipped parts leave empty lines


def load_training(path: Path) -> Training:
    """Load the training section of model.json. Raises PipelineError if it is missing or damaged."""
    advice = "run the stage train again (make train)"
    return load_json(path, Training, lambda content: {**content["training"], "values": content["training"]}, advice)


def format_command(dataset: str, training: Training) -> str:
    """Return the `make` command that reproduces the model: data set, recipe, and values that differ from defaults."""
    words, images = [f"DATASET={dataset}"], training.images
    if dataset == CUSTOM:
        words.append("FROM=my-data")
    if images.validation != count_held_out(DEFAULT_VALIDATION, images.training + images.validation):
        words.append(f"VALIDATION={images.validation}")
    words.append(f"RECIPE={training.recipe}")
    words += [f"{name.upper()}={shlex.quote(str(value))}" for name, (value, _) in training.changes.items()]
    return " ".join(["make export", *words])


def escape(text: str) -> str:
    """Escape HTML and Markdown, including its tables; replace unprintable characters."""
    text = "".join(each if is_printable(each) else "\ufffd" for each in text)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", html.escape(text, quote=False))


def _make_front_matter(model: Model, training: Training, metrics: Metrics, f1: float) -> dict[str, Any]:
    kind = "convolutional-neural-network" if model.is_convolutional else "multilayer-perceptron"
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
