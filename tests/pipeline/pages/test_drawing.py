"""The page to draw on, as a file; tests/thorough has what it does in a browser."""

import json
import re
from pathlib import Path

import pytest

from pipeline.pages.drawing import SCRIPTS, save_drawing_page
from pipeline.pages.rendering import TEMPLATES
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import TESTED


def test_equal_models_give_equal_pages(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_drawing_page(tmp_path / name, make_model(), *TESTED)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_it_tells_how_well_the_network_reads_as_the_evaluation_has_it(built: Path) -> None:
    text = (built / "export" / "index.html").read_text(encoding="utf-8")
    metrics = json.loads((built / "evaluate" / "metrics.json").read_text())
    assert f"<dd>{metrics['accuracy']:.2%} of {metrics['images']} test images</dd>" in text


def test_the_page_asks_for_nothing_from_elsewhere(built: Path) -> None:
    text = (built / "export" / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|@import|<link(?! rel=\"icon\" href=\"data:,\")|<script[^>]+src", text)


def test_no_two_scripts_use_the_same_name() -> None:
    text = "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)
    names = re.findall(r"^(?:function|const|let|class) (\w+|\$)", text, re.MULTILINE)
    assert len(names) > 50
    assert len(names) == len(set(names)), [name for name in set(names) if names.count(name) > 1]


@pytest.mark.parametrize(
    ("layers", "networks", "left_out", "largest"),
    [
        ("conv16,conv64,128", 1, "", 1e6),
        ("512,256", 1, "", 3e6),
        ("512,256", 3, "in 8 bits a weight", 3e6),
        ("1024,512", 5, "1 of its 5 networks, in 8 bits a weight", 3e6),
        ("2000,2000", 1, "the network is too large for a page", 3e6),
    ],
)
def test_no_page_is_larger_than_it_may_be_and_says_what_it_lacks(
    layers: str, networks: int, left_out: str, largest: float, tmp_path: Path
) -> None:
    model = make_model(layers, networks, (28, 28), class_names=tuple("0123456789"))
    file = tmp_path / "index.html"
    assert save_drawing_page(file, model, *TESTED) == left_out
    assert file.stat().st_size <= largest
    text = " ".join(file.read_text().split())
    assert model.architecture in text
    assert (f"it holds the model {left_out}." in text) == ("weight" in left_out)
    assert ("holds no network" in text) == ("too large" in left_out)
