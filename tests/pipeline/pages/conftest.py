"""Pages in a browser: the drawing demo and the report of the sample's model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import open_page

TESTED = (0.9, 10)  # the accuracy, on so many images


@pytest.fixture
def page(browser: Browser, built: Path) -> Iterator[Page]:
    """The drawing demo that the stage has made on the sample, opened from the disk."""
    with open_page(browser, built / "export" / "index.html") as page:
        yield page


@pytest.fixture(scope="module")
def sample(built: Path) -> str:
    """The report of the sample."""
    return (built / "report" / "index.html").read_text(encoding="utf-8")
