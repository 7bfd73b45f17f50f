"""The two ways in which work ends badly, each with the exit status that a shell sees; and whose room has ended."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PipelineError(Exception):
    """The work failed. The message is one line: what is wrong, and what to do next."""

    exit_status = 1
    resumable = False  # whether what was done until then is worth keeping, as it would not only fail again


class UsageError(PipelineError):
    """The work was asked for wrongly: a value out of its range, a name that nobody knows."""

    exit_status = 2


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError for want of room tell `path`, if it tells no file: Python's own does so only of opening one."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM and error.filename is None:
            error.filename = os.fspath(path)
        raise
