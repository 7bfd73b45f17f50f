"""The lesson of the included model, as a file, which the tests only read."""

from pathlib import Path

import pytest

from pipeline.html.lesson.included import render_included_lesson
from tests.conftest import Shared


@pytest.fixture(scope="module")
def file(shared: Shared, built: Path) -> Path:
    """Return the page. `built` comes before the browser, whose event loop would disturb it."""

    def write(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "index.html").write_text(render_included_lesson(), encoding="utf-8")

    return shared("lesson", write) / "index.html"
