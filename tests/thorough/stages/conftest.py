from tests.stages.conftest import call, project  # noqa: F401
