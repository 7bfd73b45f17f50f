from tests.docs.conftest import project, sample_project  # noqa: F401
