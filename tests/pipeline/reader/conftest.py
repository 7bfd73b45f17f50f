"""BLAS with one thread, as in `classify`, so that results do not depend on its number of threads."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="package", autouse=True)
def _single_threaded_blas() -> Iterator[None]:
    with threadpool_limits(1, "blas"):
        yield
