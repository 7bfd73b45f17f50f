"""Copies of the project: fresh, and with everything made on the sample."""

from pathlib import Path

import pytest

from tests.conftest import Shared
from tests.make.common import SAMPLE, STAGES, assert_quiet, check_out, copy, make, worked


@pytest.fixture(scope="session")
def fresh(shared: Shared) -> Path:
    """A copy of the project in which nothing has been made but .venv, which is the one that runs the tests."""
    return shared("a project", check_out)


@pytest.fixture(scope="session")
def made(fresh: Path, shared: Shared) -> Path:
    """Another copy, in which `make all` has run."""

    def make_all(to: Path) -> None:
        assert worked(make(copy(fresh, to), "all", *SAMPLE)) == list(STAGES)

    return shared("a made project", make_all)


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of that for one test. Its notes are renewed, as they tell in which folder they were made."""
    project = copy(made, tmp_path / "a project")
    assert_quiet(project)
    return project
