"""The header is JSON, and what does not describe a model is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.engine.documents import decode
from pipeline.engine.errors import PipelineError
from pipeline.model.header import Header, format_header
from pipeline.model.model import Model
from pipeline.network.architecture import find_window
from pipeline.pictures.ink import UNLIMITED, InkStatistics
from tests.pipeline.models import make_model

INK_STATISTICS = InkStatistics(box=4, thin=1.25, thick=3.5, thickest=4.1)
SLIDING = "conv3x3/2,conv3x2/1"


def make(layers: str = "300", ensemble_size: int = 1, **parts: Any) -> Model:
    parts = {"class_names": ("a", "b", "ö"), "ink_statistics": INK_STATISTICS, **parts}
    return make_model(layers, ensemble_size, (4, 5), **parts)


def make_reader() -> Model:
    """A model that slides, and a second one for rows."""
    row = make("conv2x3/1", by_column=True)
    parts: dict[str, Any] = {"class_names": row.class_names, "negative_class": True, "sliding": True}
    return make_model(SLIDING, shape=find_window(SLIDING), row=row, **parts)


@pytest.mark.parametrize(
    "model",
    [
        make("conv2x3/1,4", 3, loss="quadratic", activation="tanh", test_accuracy=0.5, test_images=10),
        make("", negative_class=True, validation_accuracy=0.25, temperature=2),
        make_reader(),
    ],
)
def test_header_is_read_as_it_was_written(model: Model) -> None:
    assert decode(format_header(model.header), Header) == model.header
    assert model.header.ensemble_size == len(model.parameters)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ensemble_size", (0, "1", True, 10**9)),
        ("layers", ("many", "-300", "300,conv2", "conv9x6", "conv2", None)),
        ("activation", ("import os", "softplus")),
        ("loss", ("none",)),
        ("scaling", ({"mean": 0, "std": 0}, {"mean": 2, "std": 1}, None)),
        ("image_shape", ([4], [-4, -5])),
        ("class_names", ("abc", ["a", "a", "b"], ["a", "b", "\x1b"])),
        ("dataset", ("\x1b[31m", "a b")),
        ("sliding", (True,)),
        ("temperature", (0, 1000)),
        ("validation_accuracy", (1.1,)),
        ("test_accuracy", (-1,)),
        ("test_images", (-1,)),
        ("ink_statistics", ({"box": -1}, {"thick": UNLIMITED + 1}, {"thin": 20})),
        ("row", ({}, json.loads(format_header(make().header)))),
    ],
)
def test_invalid_value_is_refused(name: str, values: tuple[Any, ...]) -> None:
    content = json.loads(format_header(make().header))
    for value in values:
        with pytest.raises(PipelineError):
            decode(json.dumps({**content, name: value}), Header)


@pytest.mark.parametrize("parts", [{"ensemble_size": 2}, {"negative_class": False}, {"shape": (9, 8)}])
def test_model_that_cannot_slide_is_refused(parts: dict[str, Any]) -> None:
    given: dict[str, Any] = {"shape": find_window(SLIDING), "negative_class": True, "row": make_reader().row, **parts}
    with pytest.raises(ValueError):
        make_model(SLIDING, class_names=("a", "b", "ö"), sliding=True, **given)


def test_second_network_that_does_not_fit_is_refused() -> None:
    model = make_reader()
    for other in (None, make("7"), model, make_model("conv2x3/1", 1, (4, 5), by_column=True)):
        with pytest.raises(ValueError, match="rows"):
            replace(model, row=other)
    with pytest.raises(ValueError, match="rows"):
        replace(make("7", negative_class=True), row=model.row)
