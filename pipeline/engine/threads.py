"""Number of cores, and single-threaded BLAS, for the same bits on any number of cores."""

import functools
import logging
import os
from contextlib import AbstractContextManager, nullcontext

log = logging.getLogger(__name__)


def count_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def single_threaded_blas() -> AbstractContextManager[object]:
    """Limit BLAS to one thread in this process, from the call on; leaving the returned context lifts the limit.

    The order of BLAS's sums depends on the number of threads. Logs one warning if the limit cannot be set.
    """
    import numpy  # noqa: F401  (loads its BLAS)
    from threadpoolctl import ThreadpoolController

    try:
        blas = ThreadpoolController().select(user_api="blas")
    except Exception as error:  # for example if the path of a library is not UTF-8
        return _warn(f"{type(error).__name__}: {error}")
    if not len(blas):
        return _warn("threadpoolctl finds no BLAS library")
    limited: AbstractContextManager[object] = blas.limit(limits=1)
    return limited


@functools.cache
def _warn(reason: str) -> AbstractContextManager[object]:
    line = "matrix products cannot be limited to one thread (%s): the last bits may depend on the number of cores"
    log.warning(line, " ".join(reason.split()))
    return nullcontext()
