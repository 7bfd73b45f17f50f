from tests.stages.conftest import call, many, project  # noqa: F401
