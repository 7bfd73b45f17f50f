"""Fixtures of the fast tests."""

from tests.pipeline.pages.conftest import open_demo, page, sample  # noqa: F401
