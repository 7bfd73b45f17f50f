"""The fixtures of the fast tests."""

from tests.make.conftest import fresh, made, project  # noqa: F401
