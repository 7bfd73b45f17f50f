"""The model cards of networks that read pictures, and rows of writing."""

from collections.abc import Mapping
from typing import Any

from pipeline.data.dataset import are_ten_digits
from pipeline.data.sources.catalogue import DATASETS
from pipeline.html.rendering import render_card
from pipeline.model.model import Model


def make_reader_card(model: Model, training: Mapping[str, Any], template: str) -> str:
    """Return the card as Markdown. training: as in model.json, written by the stage `reader` or `rows`."""
    digits, data = are_ten_digits(model.class_names), DATASETS.get(model.dataset)
    return render_card(template, model=model, training=training, digits=digits, data=data)
