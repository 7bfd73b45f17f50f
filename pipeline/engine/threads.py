"""Number of cores, and single-threaded BLAS, with which results are bit-identical on any number of cores."""

import os
from contextlib import AbstractContextManager


def count_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def single_threaded_blas() -> AbstractContextManager[object]:
    """Limit BLAS to one thread in this process, from the call on; leaving the returned context lifts the limit.

    The order of BLAS's sums depends on the number of threads. An unknown BLAS keeps its threads.
    """
    import numpy  # noqa: F401  (loads its BLAS)
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limited
