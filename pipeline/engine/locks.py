"""File locks, released when their process ends. On file systems without locks, every attempt succeeds."""

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
            # Without O_NONBLOCK, opening a pipe in place of the folder would wait forever.
            descriptor = os.open(folder, os.O_RDONLY | os.O_NONBLOCK)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[bool]:
    """Try to lock `folder` without waiting; yield whether the lock was acquired. New shared locks wait for it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _try_lock(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def file_lock(path: Path, report: Callable[[str], object] | None) -> Iterator[bool]:
    """Lock the file `path` exclusively, creating it if necessary; yield whether the lock was acquired.

    With `report`, wait for the lock, after calling `report` with a line that says so. The process that has the lock may
    delete the file. Raises OSError if `path` cannot be opened.
    """
    with ExitStack() as stack:
        acquired, current = True, False
        while acquired and not current:
            stack.close()  # the file was deleted before it was locked: lock the new one
            # O_NONBLOCK: as above.
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o666)
            stack.callback(os.close, file)
            acquired = _try_lock(file)
            if not acquired and report is not None:
                report("waiting for another process, which is running this stage")
                fcntl.flock(file, fcntl.LOCK_EX)
                acquired = True
            current = _is_at(file, path)
        yield acquired


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
