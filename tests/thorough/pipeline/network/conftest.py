"""The fixtures of the fast tests."""

from tests.pipeline.network.conftest import reader  # noqa: F401
