"""A model card says what a model is, how good it is, how it came to be, and what it should not be used for.

Its head, between two lines of dashes, is for machines: YAML as Hugging Face reads it.
(Mitchell et al. 2019, Model cards for model reporting)
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.data.catalogue import CUSTOM, DATASETS
from pipeline.data.split import TWELFTH, count_held_out
from pipeline.engine.documents import load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import environment
from pipeline.engine.rows import read_array
from pipeline.network.model import Model
from pipeline.network.recipe import Recipe, override, spell
from pipeline.network.recipes import RECIPES, RecipeName
from pipeline.pages.rendering import render

MISTAKES = 5  # that are told, the most frequent ones
TAGS = {
    "mnist": ["handwriting-recognition", "digits", "mnist"],
    "sample": ["handwriting-recognition", "digits", "mnist"],
    "fashion-mnist": ["fashion-mnist"],
    "kmnist": ["handwriting-recognition", "kuzushiji", "kmnist"],
}


@dataclass(frozen=True)
class Training:
    """How a model was trained, by its model.json.

    images: from how many it learned; validation: how many were held out. accuracy: on these. kept: of each member the
    epoch whose parameters it has. versions: of Python and NumPy.
    """

    recipe: RecipeName
    values: Recipe
    images: int
    validation: int
    accuracy: float
    kept: tuple[int, ...]
    versions: Mapping[str, str]


def make_model_card(model: Model, train: Path, evaluate: Path) -> str:
    """The card, as Markdown, of the model that `train` has and `evaluate` has measured: two artifacts' folders.

    Raises PipelineError if what they tell of it is missing or damaged.
    """
    training = load_training(train / "model.json")
    metrics = _load_metrics(evaluate / "metrics.json", model.class_names)
    classes = len(model.class_names)
    confusion = read_array(evaluate / "confusion.npy", np.int64, (classes, classes))
    names = [escape(name) for name in model.class_names]
    rows = list(zip(names, metrics["classes"].values(), strict=True))
    by_recall = sorted((row for row in rows if row[1]["images"]), key=lambda row: row[1]["recall"])
    card = render(
        "model_card.md",
        head=yaml.safe_dump(_describe(model, training, metrics), sort_keys=False, allow_unicode=True, width=1000),
        data=DATASETS.get(model.dataset),
        model=model,
        parameters=sum(layer.weights.size + layer.biases.size for layers in model.members for layer in layers),
        training=training,
        values=training.values,
        changes=_changes(training),
        metrics=metrics,
        rows=rows,
        worst=by_recall[0],
        best=by_recall[-1],
        mistakes=[(names[truth], names[said], count) for truth, said, count in _find_mistakes(confusion)],
        command=spell_command(model.dataset, training),
        versions={**training.versions, **environment(["onnx", "safetensors"])},
    )
    return re.sub(r"\n{3,}", "\n\n", card).rstrip() + "\n"  # where a part is left out


def load_training(path: Path) -> Training:
    """How the model was trained that `path`, a model.json, describes. Raises PipelineError if that cannot be told."""
    content = load_json(path)
    try:
        told = content["training"]
        values = {**told, **told["deformation"], "sizes": tuple(map(int, told["sizes"]))}
        del values["deformation"]
        RECIPES[told["recipe"]]
        return Training(
            recipe=told["recipe"],
            values=override(Recipe(), values),
            images=int(told["images"]["training"]),
            validation=int(told["images"]["validation"]),
            accuracy=float(told["validation_accuracy"]),
            kept=tuple(map(int, told["epochs_kept"])),
            versions={escape(str(name)): escape(str(version)) for name, version in told["versions"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, PipelineError):
        raise PipelineError(f"{path} does not tell how the model was trained: run the stage train again") from None


def spell_command(dataset: str, training: Training) -> str:
    """The call of make that makes this model anew: the recipe and the data set, and what else is not as declared."""
    words = [f"DATASET={dataset}"]
    if dataset == CUSTOM:
        words.append("FROM=my-data")
    if training.validation != count_held_out(TWELFTH, training.images + training.validation):
        words.append(f"VALIDATION={training.validation}")
    words.append(f"RECIPE={training.recipe}")
    words += [f"{name.upper()}={shlex.quote(str(value))}" for name, (_, value) in _changes(training).items()]
    return " ".join(["make export", *words])


def escape(text: str) -> str:
    """The text, so that Markdown takes none of it for its own, within a table neither; HTML does not either."""
    text = "".join(each if each.isprintable() else "\ufffd" for each in text)
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, name)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", text)


def _changes(training: Training) -> dict[str, tuple[Any, Any]]:
    """The recipe's own value and this training's, for each in which they differ."""
    declared, own = spell(RECIPES[training.recipe]), spell(training.values)
    return {name: (declared[name], value) for name, value in own.items() if value != declared[name]}


def _find_mistakes(confusion: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """The truth, what was said instead, and how often: of the most frequent mistakes."""
    pairs = [(int(count), truth, said) for (truth, said), count in np.ndenumerate(confusion) if truth != said and count]
    return [(truth, said, count) for count, truth, said in sorted(pairs, key=lambda p: (-p[0], p[1], p[2]))[:MISTAKES]]


def _load_metrics(path: Path, class_names: tuple[str, ...]) -> dict[str, Any]:
    content = load_json(path)
    try:
        low, high = map(float, content["accuracy_interval_95"])
        return {
            "images": int(content["images"]),
            "errors": int(content["errors"]),
            "accuracy": float(content["accuracy"]),
            "interval": (low, high),
            "negative_log_likelihood": float(content["negative_log_likelihood"]),
            "calibration_error": float(content["calibration_error"]),
            "f1": float(np.mean([float(content["classes"][name]["f1"]) for name in class_names])),
            "classes": {
                name: {
                    "images": int(content["classes"][name]["images"]),
                    **{key: float(content["classes"][name][key]) for key in ("precision", "recall", "f1")},
                }
                for name in class_names
            },
        }
    except (KeyError, TypeError, ValueError, OverflowError):
        raise PipelineError(f"{path} does not tell how good the model is: remove it and run its stage again") from None


def _describe(model: Model, training: Training, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The card's head."""
    data = DATASETS.get(model.dataset)
    measured = {
        "accuracy": ("Accuracy", metrics["accuracy"]),
        "f1": ("F1, mean over classes", metrics["f1"]),
        "nll": ("Negative log-likelihood", metrics["negative_log_likelihood"]),
        "ece": ("Expected calibration error", metrics["calibration_error"]),
    }
    result = {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {
            "name": data.title if data else "Own data",
            "type": (data.hub if data else "") or model.dataset,
            "split": "test",
        },
        "metrics": [{"type": kind, "name": name, "value": round(value, 6)} for kind, (name, value) in measured.items()],
    }
    return {
        **({"license": "mit"} if data else {}),
        "library_name": "onnx",
        "pipeline_tag": "image-classification",
        "tags": ["onnx", "safetensors", "numpy", "multilayer-perceptron", *TAGS.get(model.dataset, [])],
        **({"datasets": [data.hub]} if data and data.hub else {}),
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": f"{model.dataset}-{training.recipe}", "results": [result]}],
    }
