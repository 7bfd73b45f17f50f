"""A project in which the pages' commands run."""

from pathlib import Path

import pytest

from tests.conftest import Shared
from tests.docs.sessions import make_project
from tests.make.common import copy


@pytest.fixture(scope="session")
def sample_project(shared: Shared) -> Path:
    """Return a copy of the project with all stages run on the sample, and pictures. Tests only read it."""
    return shared("documented project", make_project)


@pytest.fixture
def project(sample_project: Path, tmp_path: Path) -> Path:
    return copy(sample_project, tmp_path / "handwriting")
