"""Fixtures of the fast tests, and the page of a convolutional network with random parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.demo.demo import save_drawing_page
from tests.browser import PHONE, open_page
from tests.pipeline.html.conftest import TEST_RESULT, Demo, open_demo, page, sample  # noqa: F401
from tests.pipeline.html.input import draw_with_mouse, prediction, wait_for_update
from tests.pipeline.html.strokes import DIGITS, place
from tests.pipeline.models import make_model

DIGIT = place(DIGITS[3], 0.2, 0.2, 0.6)


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
    """The same on a phone, with the inside of the network open."""
    with open_drawn(**PHONE) as opened:
        opened.locator("#look-inside").tap()
        wait_for_update(opened)
        yield opened
