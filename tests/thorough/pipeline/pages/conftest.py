"""Fixtures of the fast tests."""

from tests.pipeline.pages.conftest import page, sample  # noqa: F401
