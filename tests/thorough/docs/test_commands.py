"""The commands of the pages that train longer, or start a cluster, print what the pages show."""

from pathlib import Path

import pytest

from tests.docs.pages import Page
from tests.docs.test_commands import SLOW, check_page, pages_to_run


@pytest.mark.parametrize("page", pages_to_run(slow=True), ids=lambda page: page.name)
def test_page_shows_what_its_commands_print(page: Page, project: Path) -> None:
    check_page(page, project)


def test_slow_pages_exist() -> None:
    assert {page.name for page in pages_to_run(slow=True)} == set(SLOW)
