"""The commands and the Python code of the pages print what the pages show."""

from pathlib import Path

import pytest

from tests.conftest import Shared
from tests.docs.pages import Page, find_pages, read_page
from tests.docs.sessions import make_project, run_page
from tests.make.common import copy

pytestmark = pytest.mark.slow

OTHERS = (
    "README.md",
    "docs/learn/tutorial.md",
    "docs/learn/change.md",
    "docs/pipeline/reuse.md",
    "docs/reference/",
)  # have their own tests
PAGES = [page for page in map(read_page, find_pages()) if not page.name.startswith(OTHERS)]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.is_run for block in page.blocks)], ids=lambda page: page.name
)
def test_page_shows_what_its_commands_print(page: Page, shared: Shared, tmp_path: Path) -> None:
    """The project is a copy in which all stages have run on the sample."""
    project = copy(shared("documented project", make_project), tmp_path / "handwriting")
    problems = run_page(page, project)
    assert not problems, "\n".join(problems)
