from tests.make.conftest import fresh, made, project  # noqa: F401
