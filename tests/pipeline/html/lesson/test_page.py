"""The page of the lesson as a file; test_journey.py opens it."""

import json
import re
from pathlib import Path

import pytest

from pipeline.html.lesson.page import save_lesson
from tests.pipeline.models import make_model


def test_equal_models_give_equal_pages(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_lesson(tmp_path / name, make_model())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_page_states_measured_accuracy(built: Path) -> None:
    text = (built / "export" / "index.html").read_text(encoding="utf-8")
    metrics = json.loads((built / "evaluate" / "metrics.json").read_text())
    assert f"<dd>{metrics['accuracy']:.2%} of {metrics['images']} test images" in text


def test_page_requests_no_other_resources(built: Path) -> None:
    text = (built / "export" / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(
        r"https?://(?!www\.w3\.org/2000/svg)|@import|<link(?! rel=\"icon\" href=\"data:)|<script[^>]+src",
        text,
    )


@pytest.mark.parametrize(
    ("layers", "networks", "reduction", "largest"),
    [
        ("conv16,conv64,128", 1, "", 1e6),
        ("conv24x4,conv48x3/1,conv96x4,160", 1, "in 8 bits per weight", 1e6),  # as the pretrained model
        ("512,256", 1, "in 8 bits per weight", 1e6),
        ("1024,512", 5, "1 of its 5 networks, in 8 bits per weight", 3e6),
        ("2000,2000", 1, "the network is too large for a page", 3e6),
    ],
)
def test_page_size_is_limited_and_reduction_is_stated(
    layers: str, networks: int, reduction: str, largest: float, tmp_path: Path
) -> None:
    model = make_model(layers, networks, (28, 28), class_names=tuple("0123456789"))
    file = tmp_path / "index.html"
    assert save_lesson(file, model) == reduction
    assert file.stat().st_size <= largest
    text = " ".join(file.read_text().split())
    assert model.architecture in text
    assert (f"the model is reduced: {reduction}." in text) == ("weight" in reduction)
    assert ("contains no network" in text) == ("too large" in reduction)
