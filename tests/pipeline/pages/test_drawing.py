"""The page to draw on, as a file; tests/thorough has what it does in a browser."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.network.mlp import allocate
from pipeline.network.model import Model
from pipeline.pages.drawing import SCRIPTS, save_drawing_page
from pipeline.pages.rendering import TEMPLATES
from tests.pipeline.pages.conftest import TESTED

LARGEST = 3_000_000


def test_equal_models_give_equal_pages(make_model: Callable[..., Model], tmp_path: Path) -> None:
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
    ("sizes", "members", "left_out"),
    [
        ((784, 512, 256, 10), 1, ""),
        ((784, 512, 256, 10), 3, "in 8 bits a weight"),
        ((784, 1024, 512, 10), 5, "1 of its 5 networks, in 8 bits a weight"),
        ((784, 2000, 2000, 10), 1, "the network is too large for a page"),
    ],
)
def test_no_page_is_larger_than_it_may_be_and_says_what_it_lacks(
    sizes: tuple[int, ...], members: int, left_out: str, make_model: Callable[..., Model], tmp_path: Path
) -> None:
    names = tuple("0123456789")
    model = replace(
        make_model(shape=(28, 28), hidden=(), class_names=names), members=(allocate(sizes).layers,) * members
    )
    file = tmp_path / "index.html"
    assert save_drawing_page(file, model, *TESTED) == left_out
    assert file.stat().st_size <= LARGEST
    if "networks" in left_out or "bits" in left_out:
        assert f"it holds the model {left_out}" in " ".join(file.read_text().split()).replace("whole model", "")
    elif left_out:
        assert "This page holds no network: 784-2000-2000-10 is too large for it." in file.read_text()
