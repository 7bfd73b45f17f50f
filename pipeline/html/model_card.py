"""The model card: description, training, metrics and limits of a model, with front matter in Hugging Face's YAML.

(Mitchell et al. 2019, Model cards for model reporting)
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import are_ten_digits
from pipeline.data.sources.catalogue import DATASETS
from pipeline.engine.documents import NonNegative, convert
from pipeline.engine.provenance import package_versions
from pipeline.engine.terminal import is_printable
from pipeline.html.rendering import render_card
from pipeline.html.wording import format_command
from pipeline.model.metrics import Metrics, list_confusions
from pipeline.model.model import Model
from pipeline.model.safetensors import RESIDUAL, list_torch_modules
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.losses import LOSSES
from pipeline.training.recipe import Recipe

CARD_CONFUSIONS = 5  # listed, most frequent first


class _Images(TypedDict):
    training: NonNegative
    validation: NonNegative


@dataclass(frozen=True)
class _Record:
    """The fields of a training record besides the values of the recipe."""

    recipe: str
    changes: dict[str, tuple[Any, Any]]
    images: _Images
    versions: dict[str, str]
    best_epochs: list[NonNegative]


def make_model_card(
    model: Model,
    training: Mapping[str, Any],
    metrics: Metrics,
    confusion: NDArray[np.int64],
    preparation: Sequence[str] = (),
) -> str:
    """Return the model card as Markdown.

    training: from `load_training`. confusion: (classes, classes), rows are true classes. preparation: what was done to
    own data. Raises PipelineError if the record of the training is not valid.
    """
    names = [escape(name) for name in model.class_names]
    record, recipe, modules = convert(training, _Record), convert(training, Recipe), list_torch_modules(model)
    return render_card(
        "html/model_card.md",
        data=DATASETS.get(model.dataset),
        model=model,
        activation=ACTIVATIONS[model.activation],
        loss=LOSSES[model.loss],
        modules=modules,
        residual=RESIDUAL if any("Residual(" in module for module in modules) else "",
        training=record,
        recipe=recipe,
        changes=record.changes,
        styles=recipe.styles if are_ten_digits(model.class_names) else 0.0,
        metrics=metrics,
        rows=list(zip(names, metrics.classes.values(), strict=True)),
        confusions=list_confusions(confusion, names, CARD_CONFUSIONS),
        preparation=preparation,
        command=format_command("export", model.dataset, record.recipe, record.changes, record.images),
        versions={**record.versions, **package_versions(["safetensors"])},
    )


def escape(text: str) -> str:
    """Escape HTML and Markdown, including its tables; replace unprintable characters."""
    text = "".join(each if is_printable(each) else "\ufffd" for each in text)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", html.escape(text, quote=False))
