"""The pretrained detector, which tests of several folders read with."""

import pytest

from pipeline.model import PRETRAINED_READER
from pipeline.model.model import Detector
from pipeline.reader import load


@pytest.fixture(scope="session")
def detector() -> Detector:
    found = load(PRETRAINED_READER).detector
    assert found is not None
    return found
