"""Files and links that replace others atomically: readers find the old or the new one, never a part of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Yield an unused hidden name beside `path`; the file that the block creates there replaces `path` at the end.

    If the block or the replacement fails, `path` is unchanged and nothing else is left. An OSError about the hidden
    name is about `path`.
    """
    # Unpredictable, so that nobody can place a link there.
    temporary = path.with_name(f".{os.urandom(8).hex()}.temporary")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if temporary.name in str(error):
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file to write that replaces `path` at the end of the block, once it is on the disk."""
    with replacement(path) as temporary, open(temporary, "xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())  # otherwise a power failure can leave an incomplete file under this name
