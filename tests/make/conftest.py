"""Copies of the project: without artifacts, and with all stages run on the sample."""

from pathlib import Path

import pytest

from pipeline.engine import STORE
from tests.conftest import Shared
from tests.make.common import SAMPLE, assert_quiet, check_out, copy, list_stages, make, outcome


@pytest.fixture(scope="session")
def fresh(shared: Shared) -> Path:
    """Return a copy of the project without artifacts. Tests only read it."""
    return shared("a project", check_out)


@pytest.fixture(scope="session")
def made(fresh: Path, built: Path, shared: Shared) -> Path:
    """Return a copy in which `make all` has restored the results of the stages in Python. Tests only read it."""

    def make_all(to: Path) -> None:
        copy(built / STORE, copy(fresh, to) / "artifacts" / STORE)
        assert outcome(make(to, "all", *SAMPLE)) == dict.fromkeys(list_stages(), "restored")

    return shared("a made project", make_all)


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """Return a copy of `made` for one test. Its cache is updated, because it contains the path of the folder."""
    project = copy(made, tmp_path / "a project")
    assert_quiet(project)
    return project
