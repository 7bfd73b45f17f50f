"""Fixtures: the drawing demo and the report of the sample, and the page of a network with random parameters."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.demo.drawing_page import save_drawing_page
from pipeline.model.model import Model
from tests.browser import PHONE, open_page
from tests.pipeline.html.input import draw_with_mouse, prediction, wait_for_update
from tests.pipeline.html.strokes import DIGITS, place
from tests.pipeline.models import make_model

TEST_RESULT = (0.9, 10)  # accuracy, number of test images
Demo = Callable[..., AbstractContextManager[Page]]
DIGIT = place(DIGITS[3], 0.2, 0.2, 0.6)


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


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "index.html"
    model = make_model("conv16,conv64,128", shape=(28, 28), class_names=tuple("0123456789"))
    save_drawing_page(file, model, *TEST_RESULT)
    return file


@pytest.fixture
def open_drawn(browser: Browser, file: Path) -> Demo:
    """Return a function that opens that page with a digit drawn; options: see `open_page`."""

    @contextmanager
    def open_drawn(**options: Any) -> Iterator[Page]:
        with open_page(browser, file, **options) as opened:
            draw_with_mouse(opened, DIGIT)
            prediction(opened)
            yield opened

    return open_drawn


@pytest.fixture
def drawn(open_drawn: Demo) -> Iterator[Page]:
    with open_drawn() as opened:
        yield opened


@pytest.fixture
def phone(open_drawn: Demo) -> Iterator[Page]:
    """The same on a phone."""
    with open_drawn(**PHONE) as opened:
        wait_for_update(opened)
        yield opened
