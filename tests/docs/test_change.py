"""The walk of docs/learn/change.md: its patches apply, its tests fail and pass as shown, and its network trains."""

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import read_page
from tests.docs.sessions import run_page
from tests.make.common import check_out
from tests.processes import ROOT

pytestmark = pytest.mark.slow


def test_new_activation_is_added_as_shown(tmp_path: Path) -> None:
    project = check_out(tmp_path / "handwriting")
    shutil.copytree(ROOT / "tests", project / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs/learn", project / "docs/learn")
    problems = run_page(read_page(ROOT / "docs/learn/change.md"), project)
    assert not problems, "\n".join(problems)
