"""The commands and the Python code of the pages print what the pages show."""

from pathlib import Path

import pytest

from tests.docs.pages import Page, find_pages, read_page
from tests.docs.sessions import run_page

OTHERS = ("docs/learn/tutorial.md", "docs/pipeline/reuse.md", "docs/reference/")  # see tests/docs


def pages_to_run() -> list[Page]:
    pages = [read_page(path) for path in find_pages()]
    return [page for page in pages if not page.name.startswith(OTHERS) and any(block.is_run for block in page.blocks)]


@pytest.mark.parametrize("page", pages_to_run(), ids=lambda page: page.name)
def test_page_shows_what_its_commands_print(page: Page, project: Path) -> None:
    problems = run_page(page, project)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
