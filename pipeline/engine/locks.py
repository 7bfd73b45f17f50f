"""Locks, released when their process ends. On file systems without locks, every attempt succeeds."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


@contextmanager
def shared_lock(folder: Path) -> Iterator[None]:
    """Hold a shared lock on `folder`, if it exists; `exclusive_lock` fails as long as it is held."""
    with ExitStack() as stack:
        with suppress(OSError):  # the caller gets the error of a missing folder when it reads it
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def exclusive_lock(path: Path, report: Callable[[str], object] | None = None) -> Iterator[bool]:
    """Lock a file or folder; yield whether the lock was acquired. New shared locks wait for it.

    With `report`, wait for the lock, after calling `report` with a line that says so. Raises OSError if it cannot be
    opened.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        acquired = _try_lock(descriptor)
        if not acquired and report is not None:
            report("waiting for another process, which is running this stage")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            acquired = True
        yield acquired
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
