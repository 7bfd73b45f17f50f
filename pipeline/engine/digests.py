"""What was computed from files, remembered by path, size, times and inode: an unchanged file is not read again.

The memory is one file, artifacts/.cache/files.json. It may be deleted at any time.
"""

import atexit
import functools
import hashlib
import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.engine import ARTIFACTS

MEMORY = ARTIFACTS / ".cache" / "files.json"


@functools.cache
def _memory() -> dict[str, list[Any]]:
    """Return the memory of this process: kind and path of a file -> [its signature, what was computed]."""
    with suppress(OSError, ValueError, AttributeError, RecursionError):
        found = json.loads(MEMORY.read_bytes())
        return {name: each for name, each in found.items() if isinstance(each, list) and len(each) == 2}
    return {}


def signature(path: Path | str) -> list[int] | None:
    """Return size, times and inode of a regular file, else None. They change with the file even if the clock is set."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):  # opening a pipe may block forever
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def remember(kind: str, path: Path | str, compute: Callable[[], Any], anew: bool = False) -> Any:
    """Return what `compute` returns: JSON-like data that follow from the content of the file.

    It is called only if no value of this `kind` is remembered for the path and the present signature of the file, or
    if it is wanted `anew`. Raises what `compute` raises.
    """
    name, now = f"{kind} {os.path.abspath(path)}", signature(path)  # before the file is read
    found = _memory().get(name)
    if anew or found is None or now is None or found[0] != now:
        _memory()[name] = found = [now, compute()]
        atexit.unregister(_save)
        atexit.register(_save)
    return found[1]


def sha256(path: Path | str, anew: bool = False) -> str:
    """Return the sha256 of a file, in hexadecimal. anew: read it although it is remembered. Raises OSError."""

    def compute() -> str:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return str(remember("sha256", path, compute, anew))


def _save() -> None:
    """Write the memory of files that still exist. Without artifacts or room on the disk, they are read once more."""
    if not ARTIFACTS.is_dir():
        return
    files = {name: found for name, found in _memory().items() if os.path.exists(name.partition(" ")[2])}
    fresh = MEMORY.with_name(f"{os.getpid()}.fresh")
    with suppress(OSError):
        try:
            MEMORY.parent.mkdir(exist_ok=True)
            fresh.write_text(json.dumps(files))
            fresh.replace(MEMORY)
        finally:
            fresh.unlink(missing_ok=True)
