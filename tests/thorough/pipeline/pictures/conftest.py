"""The fixtures of the fast tests."""

from tests.pipeline.pictures.conftest import reader  # noqa: F401
