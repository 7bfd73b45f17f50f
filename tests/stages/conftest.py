"""What the tests of the commands stand on."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.stages.predicting import MANY, RAW


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A folder with its own artifacts, all stages done."""
    shutil.copytree(built, tmp_path / "artifacts", symlinks=True)
    return tmp_path


@pytest.fixture
def many(project: Path) -> np.ndarray:
    """The test images again and again, in many.npy."""
    images = np.resize(np.load(project / RAW), (MANY, 28, 28))
    np.save(project / "many.npy", images)
    return images
