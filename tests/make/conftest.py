"""Copies of the project: fresh, and with everything made on the sample."""

from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, check_out, copy, make, worked


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which nothing has been made but .venv, which is the one that runs the tests."""
    return check_out(tmp_path_factory.mktemp("make") / "a project")


@pytest.fixture(scope="session")
def made(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another copy, in which `make all` has run."""
    project = copy(fresh, tmp_path_factory.mktemp("made") / "a project")
    assert worked(make(project, "all", *SAMPLE)) == list(STAGES)
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return copy(made, tmp_path / "a project")
