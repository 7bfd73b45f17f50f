"""Pages to draw on: that of the sample's model, and those of small models of any kind."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.data.scaling import Scaling
from pipeline.network.mlp import allocate, initialise
from pipeline.network.model import Model
from tests.browser import open_page

TESTED = (0.9, 10)  # the accuracy, on so many images


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """Makes models of 3 x 4 pixels whose numbers are drawn by chance; anything about them can be replaced."""

    def make_model(
        hidden: tuple[int, ...] = (6, 5), members: int = 1, shape: tuple[int, int] = (3, 4), **parts: Any
    ) -> Model:
        generator = np.random.default_rng(0)
        parts = {"class_names": ("a", "b", "c"), "activation": "relu", "cost": "cross-entropy", **parts}
        sizes = (shape[0] * shape[1], *hidden, len(parts["class_names"]))
        committee = tuple(allocate(sizes).layers for _ in range(members))
        for layers in committee:
            initialise(layers, "normal", 1.0, generator)
        return Model(
            committee, scaling=Scaling(0.1, 0.3), image_shape=shape, dataset="letters", temperature=0.7, **parts
        )

    return make_model


@pytest.fixture
def page(browser: Browser, built: Path) -> Iterator[Page]:
    """The page that the stage has made on the sample, opened from the disk."""
    with open_page(browser, built / "export" / "index.html") as page:
        yield page


@pytest.fixture(scope="module")
def sample(built: Path) -> str:
    """The report of the sample."""
    return (built / "report" / "index.html").read_text(encoding="utf-8")
