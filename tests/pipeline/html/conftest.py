"""Fixtures: the report of the sample."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def sample(built: Path) -> str:
    """The HTML of the report of the sample."""
    return (built / "report" / "index.html").read_text(encoding="utf-8")
