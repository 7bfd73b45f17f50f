"""Count cores, and limit BLAS to one thread, so that results are bit-identical on any number of cores."""

import functools
import logging
import os
from contextlib import AbstractContextManager

log = logging.getLogger(__name__)


def count_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def single_threaded_blas() -> AbstractContextManager[object]:
    """Limit BLAS to one thread in this process, from the call on; leaving the returned context lifts the limit.

    The order of BLAS's sums depends on the number of threads. An unknown BLAS keeps its threads; this is logged once.
    """
    import numpy  # noqa: F401  (loads its BLAS)
    from threadpoolctl import ThreadpoolController

    blas = ThreadpoolController().select(user_api="blas")
    limited: AbstractContextManager[object] = blas.limit(limits=1)
    if {library["num_threads"] for library in blas.info()} != {1}:
        _warn()
    return limited


@functools.cache
def _warn() -> None:
    log.warning(
        "warning: the BLAS of NumPy cannot be limited to one thread: the last bits of results may depend on the number "
        "of cores. Set OPENBLAS_NUM_THREADS=1 if it is OpenBLAS"
    )
