"""Copies of the project: fresh, and with everything made on the sample."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, copy, make, worked
from tests.processes import ROOT


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which nothing has been made but .venv, which is the one that runs the tests."""
    project = tmp_path_factory.mktemp("make") / "a project"
    project.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy2(ROOT / name, project)
    for name in ("pipeline", "stages"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    venv = project / ".venv"
    venv.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix) / name)
    shutil.copy(ROOT / "requirements.lock", venv / ".ready")
    shutil.copy(ROOT / "requirements-dev.lock", venv / ".ready-dev")
    return project


@pytest.fixture(scope="session")
def made(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another copy, in which `make all` has run."""
    project = copy(fresh, tmp_path_factory.mktemp("made") / "a project")
    assert worked(make(project, "all", *SAMPLE)) == list(STAGES)
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return copy(made, tmp_path / "a project")
