"""Locks that die with their process: one writer of a file, or many readers of a folder.

On a file system that knows no locks, everybody gets them.
"""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from pipeline.engine.errors import PipelineError


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Let nobody have `folder` by `unread` for a while. It need not be there."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # whoever reads it will say what is wrong
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def unread(folder: Path) -> Iterator[bool]:
    """Keep the readers of `folder` waiting, and say whether there is none now."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _take(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing(path: Path, report: Callable[[str], object] | None) -> Iterator[bool]:
    """Be the only process to write at `path`, where it leaves its name, and say whether this is the one.

    With `report`, which is told for whom, this process waits until it is. Who has the lock may remove its file. Raises
    OSError if `path` cannot be opened.
    """
    with ExitStack() as stack:
        mine, there = True, False
        while mine and not there:
            stack.close()  # what we have locked was removed before that
            file = stack.enter_context(_open(path))
            mine = _take(file.fileno())
            if not mine and report is not None:
                report(f"waiting for {_holder(file)}, which runs this stage already")
                fcntl.flock(file, fcntl.LOCK_EX)
                mine = True
            there = _is_at(file, path)
        if mine:
            with suppress(OSError):  # a full disk
                file.truncate(0)
                file.write(f"process {os.getpid()} (since {time.strftime('%H:%M:%S')})")
                file.flush()
        yield mine


def _take(descriptor: int) -> bool:
    """Lock an open file for oneself, if nobody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_at(file: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _open(path: Path) -> TextIO:
    """The lock's file. Raises PipelineError for a symbolic link, through which another file would be written."""
    try:
        return open(path, "a+", encoding="utf-8", opener=_open_no_link)
    except PermissionError:  # somebody else's, which can be locked all the same
        return open(path, encoding="utf-8", opener=_open_no_link)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PipelineError(f"{path} is a symbolic link, not a lock: remove it") from None
        raise


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)


def _holder(file: TextIO) -> str:
    """The name that the holder of a lock has left, which it may do only now."""
    for _ in range(50):
        file.seek(0)
        if text := file.read().strip():
            return text
        time.sleep(0.002)
    return "another process"
