from tests.pipeline.reader.conftest import _single_threaded_blas  # noqa: F401 - a fixture
