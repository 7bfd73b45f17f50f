"""The header is JSON, and what does not describe a model is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.data.ink import UNLIMITED, InkStatistics
from pipeline.engine.documents import decode
from pipeline.engine.errors import PipelineError
from pipeline.model.header import Header, format_header
from pipeline.model.model import Classifier, Detector, Model
from tests.pipeline.models import make_detector, make_model, make_recogniser

INK_STATISTICS = InkStatistics(box=4, thin=1.25, thick=3.5, thickest=4.1)
CLASS_NAMES = ("a", "b", "ö")
SLIDING = "conv3x3/2,conv3x2/1"


def make(layers: str = "300", ensemble_size: int = 1, **parts: Any) -> Classifier:
    parts = {"class_names": CLASS_NAMES, "ink_statistics": INK_STATISTICS, **parts}
    return make_model(layers, ensemble_size, (4, 5), **parts)


def make_reader() -> Detector:
    """A model that slides, and a second one for rows."""
    return make_detector(SLIDING, make_recogniser(class_names=CLASS_NAMES))


@pytest.mark.parametrize(
    "model",
    [
        make("conv2x3/1,4", 3, loss="mean-squared-error", activation="tanh", test_accuracy=0.5, test_images=10),
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


@pytest.mark.parametrize("changes", [{"negative_class": False}, {"by_column": True}])
def test_header_of_no_kind_is_refused(changes: dict[str, Any]) -> None:
    content = json.loads(format_header(make_reader().header))
    with pytest.raises(PipelineError, match="contradicts"):
        decode(json.dumps({**content, **changes}), Header)


def test_detector_must_be_one_network_with_images_of_its_window() -> None:
    detector = make_reader()
    with pytest.raises(ValueError, match="one network"):
        replace(detector, parameters=detector.parameters * 2)
    with pytest.raises(ValueError, match="window"):
        replace(detector, image_shape=(9, 8))


def test_second_model_must_have_the_same_classes() -> None:
    with pytest.raises(ValueError, match="other classes"):
        replace(make_reader(), row=make_recogniser(class_names=("a", "b", "c")))
