"""Fixtures of the fast tests."""

from tests.pipeline.pictures.conftest import _single_threaded_blas, reader  # noqa: F401
