"""The model card of a network that reads pictures."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.data.catalogue import DATASETS
from pipeline.data.styles import are_ten_digits
from pipeline.model.files import Model
from pipeline.pages.rendering import render
from pipeline.pages.wording import describe_layers


def make_reader_card(model: Model, training: Mapping[str, Any]) -> str:
    """Return the card as Markdown. training: as in model.json, written by the stage `reader`."""
    card = render(
        "reader_card.md",
        model=model,
        data=DATASETS.get(model.dataset),
        digits=are_ten_digits(model.class_names),
        layers=describe_layers(model.networks[0].layers),
        parameters=model.parameters[0].flat.size,
        context=model.context
        and {
            "layers": describe_layers(model.context.networks[0].layers),
            "parameters": model.context.parameters[0].flat.size,
        },
        training=training,
    )
    return re.sub(r"\n{3,}", "\n\n", card).rstrip() + "\n"  # skipped parts leave empty lines
