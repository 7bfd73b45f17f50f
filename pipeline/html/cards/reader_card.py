"""The card of the reader: the detector and the recogniser."""

from collections.abc import Mapping
from typing import Any

from pipeline.data.dataset import are_ten_digits
from pipeline.data.sources.catalogue import DATASETS
from pipeline.html.rendering import render_card
from pipeline.model.model import Model


def make_reader_card(model: Model, training: Mapping[str, Any], rows: Mapping[str, Any]) -> str:
    """Return the card as Markdown. training, rows: the records of both trainings in their model.json."""
    return render_card(
        "html/cards/reader_card.md",
        model=model,
        training=training,
        rows=rows,
        digits=are_ten_digits(model.class_names),
        data=DATASETS.get(model.dataset),
    )
