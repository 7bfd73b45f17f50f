"""The fixtures of the fast tests."""

from tests.pipeline.pages.conftest import make_model, page, sample  # noqa: F401
