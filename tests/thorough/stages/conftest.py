"""The fixtures of the fast tests."""

from tests.stages.conftest import many, project  # noqa: F401
