"""What the tests of the commands stand on."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A folder with its own artifacts, all stages done."""
    shutil.copytree(built, tmp_path / "artifacts", symlinks=True)
    return tmp_path
