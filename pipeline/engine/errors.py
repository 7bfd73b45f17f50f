"""Errors that end a command, with their exit statuses."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PipelineError(Exception):
    """The command failed. The message is one line: what is wrong, then what to do."""

    exit_status = 1
    resumable = False  # whether to keep the checkpoint: set where a second run may succeed


class UsageError(PipelineError):
    """The command is not valid: a value is out of range, or a name is unknown."""

    exit_status = 2


@contextmanager
def add_filename(path: Path) -> Iterator[None]:
    """Set the filename of an OSError for lack of disk space to `path`; Python sets it only if opening a file fails."""
    try:
        yield
    except OSError as error:
        if error.errno in OUT_OF_SPACE and error.filename is None:
            error.filename = os.fspath(path)
        raise
