"""The cores of this machine, and matrix products by one thread: the same bits on any number of cores."""

import functools
import logging
import os
from contextlib import AbstractContextManager, nullcontext

log = logging.getLogger(__name__)


def count_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def single_threaded_blas() -> AbstractContextManager[object]:
    """Limit matrix products to one thread, in the whole process, until its end or that of a `with` block.

    BLAS adds up in another order with another number of threads. Logs a warning, once, if there is no limiting it.
    """
    import numpy  # noqa: F401  (loads its BLAS)
    from threadpoolctl import ThreadpoolController

    try:
        blas = ThreadpoolController().select(user_api="blas")
    except Exception as error:  # of a library whose path is not UTF-8, for instance
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
