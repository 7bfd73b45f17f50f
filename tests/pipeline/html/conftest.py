"""Fixtures: the drawing demo and the report of the sample."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.demo.demo import save_drawing_page
from pipeline.model.model import Model
from tests.browser import open_page

TEST_RESULT = (0.9, 10)  # accuracy, number of test images
Demo = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def open_demo(browser: Browser, built: Path, tmp_path: Path) -> Demo:
    """Return a function that opens the drawing demo of a model, or of the sample's; options: see `open_page`."""

    def open_demo(model: Model | None = None, **options: Any) -> AbstractContextManager[Page]:
        if model is None:
            return open_page(browser, built / "export" / "index.html", **options)
        save_drawing_page(tmp_path / "index.html", model, *TEST_RESULT, options.pop("examples", ()))
        return open_page(browser, tmp_path / "index.html", **options)

    return open_demo


@pytest.fixture
def page(open_demo: Demo) -> Iterator[Page]:
    with open_demo() as page:
        yield page


@pytest.fixture(scope="module")
def sample(built: Path) -> str:
    """The HTML of the report of the sample."""
    return (built / "report" / "index.html").read_text(encoding="utf-8")
