"""The fixtures of the fast tests."""

from tests.pipeline.pictures.conftest import _single, reader  # noqa: F401
