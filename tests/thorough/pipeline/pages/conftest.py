"""Fixtures of the fast tests, and the page of a convolutional network with random parameters."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipeline.pages.drawing import save_drawing_page
from tests.browser import PHONE, open_page
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import TEST_RESULT, open_demo, page, sample  # noqa: F401
from tests.pipeline.pages.input import draw_with_mouse, prediction, wait_for_update
from tests.pipeline.pages.strokes import DIGITS, place

DIGIT = place(DIGITS[3], 0.2, 0.2, 0.6)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "index.html"
    model = make_model("conv16,conv64,128", shape=(28, 28), class_names=tuple("0123456789"))
    save_drawing_page(file, model, *TEST_RESULT)
    return file


@pytest.fixture
def drawn(browser: Browser, file: Path) -> Iterator[Page]:
    """That page with a digit drawn."""
    with open_page(browser, file) as opened:
        draw_with_mouse(opened, DIGIT)
        prediction(opened)
        yield opened


@pytest.fixture
def phone(browser: Browser, file: Path) -> Iterator[Page]:
    """The same on a phone, with the inside of the network open."""
    with open_page(browser, file, **PHONE) as opened:
        draw_with_mouse(opened, DIGIT)
        prediction(opened)
        opened.locator("#look-inside").tap()
        wait_for_update(opened)
        yield opened
