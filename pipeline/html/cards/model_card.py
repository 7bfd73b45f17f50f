"""The model card: description, training, metrics and limits of a model, with front matter in Hugging Face's YAML.

(Mitchell et al. 2019, Model cards for model reporting)
"""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.catalogue import DATASETS
from pipeline.data.dataset import are_ten_digits
from pipeline.engine.documents import convert
from pipeline.engine.provenance import environment
from pipeline.engine.terminal import is_printable
from pipeline.evaluation.metrics import Metrics, list_confusions
from pipeline.html.rendering import render_card
from pipeline.html.repetition import format_command
from pipeline.model.model import Model
from pipeline.model.safetensors import RESIDUAL, list_modules
from pipeline.network.activations import ACTIVATIONS
from pipeline.training.recipe import Recipe

CONFUSIONS = 5  # listed, most frequent first


def make_model_card(
    model: Model,
    training: Mapping[str, Any],
    metrics: Metrics,
    confusion: NDArray[np.int64],
    preparation: Sequence[str] = (),
) -> str:
    """Return the model card as Markdown.

    training: from `load_training`. confusion: (classes, classes), rows are true classes. preparation: of own data.
    Raises PipelineError if a value of the recipe is not valid.
    """
    names = [escape(name) for name in model.class_names]
    recipe, modules = convert(training, Recipe), list_modules(model)
    return render_card(
        "cards/model_card.md",
        data=DATASETS.get(model.dataset),
        model=model,
        activation=ACTIVATIONS[model.activation],
        modules=modules,
        residual=RESIDUAL if any("Residual(" in module for module in modules) else "",
        training=training,
        recipe=recipe,
        changes=training["changes"],
        styles=recipe.styles if are_ten_digits(model.class_names) else 0.0,
        metrics=metrics,
        rows=list(zip(names, metrics.classes.values(), strict=True)),
        confusions=list_confusions(confusion, names, CONFUSIONS),
        preparation=preparation,
        command=format_command("export", model.dataset, training["recipe"], training["changes"], training["images"]),
        versions={**training["versions"], **environment(["onnx", "safetensors"])},
    )


def escape(text: str) -> str:
    """Escape HTML and Markdown, including its tables; replace unprintable characters."""
    text = "".join(each if is_printable(each) else "\ufffd" for each in text)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", html.escape(text, quote=False))
