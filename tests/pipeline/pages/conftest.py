"""Fixtures: the drawing demo and the report of the sample."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import open_page

TEST_RESULT = (0.9, 10)  # accuracy, number of test images


@pytest.fixture
def page(browser: Browser, built: Path) -> Iterator[Page]:
    with open_page(browser, built / "export" / "index.html") as page:
        yield page


@pytest.fixture(scope="module")
def sample(built: Path) -> str:
    """The HTML of the report of the sample."""
    return (built / "report" / "index.html").read_text(encoding="utf-8")
