"""Remember results by the path, size, times and inode of a file, so that an unchanged file is not read again.

The memory is one file, artifacts/.cache/files.json. It may be deleted at any time.
"""

import atexit
import functools
import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pipeline.engine import ARTIFACTS
from pipeline.engine.documents import convert, load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.files import replacement

MEMORY = ARTIFACTS / ".cache" / "files.json"
SECOND = 1_000_000_000  # nanoseconds
# Longest step of the times of files: with fractions of a second, and without, as on FAT.
FINE_STEP = SECOND // 20
COARSE = 2 * SECOND

T = TypeVar("T")
_doubted: set[str] = set()  # names in the memory: see `read_anew`


@functools.cache
def _memory() -> dict[str, tuple[Any, Any]]:
    """Return the memory of this process, which maps the kind and path of a file to its state and the result."""
    with suppress(OSError, PipelineError):
        return load_json(MEMORY, dict[str, tuple[Any, Any]])
    return {}


def read_anew() -> None:
    """Read every file again when its digest is next asked for: a write through a memory map may keep its times.

    Folders, here those of installed packages, are not read again: what changes in them changes their times.
    """
    _doubted.update(name for name in _memory() if not os.path.isdir(name.partition(" ")[2]))


def file_stamp(path: Path | str) -> list[int] | None:
    """Return size, times and inode of a file, None if it is missing. They change with it even if the clock is set."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def stamp_or_unique(path: Path | str) -> list[int] | None:
    """Return the stamp of a file, made unique as long as a write may leave the stamp unchanged.

    This is so immediately after a write, because the times of a file advance in steps.
    """
    found, now = file_stamp(path), time.time_ns()
    if found is None:
        return None
    latest = max(found[1:3])
    return [*found, now] if abs(now - latest) < (FINE_STEP if latest % SECOND else COARSE) else found


def wait_and_stamp(path: Path | str) -> list[int] | None:
    """Return what `stamp_or_unique` returns, once a write would change the stamp; wait two seconds at most."""
    end = time.monotonic() + COARSE / SECOND
    while (found := stamp_or_unique(path)) != file_stamp(path) and time.monotonic() < end:
        time.sleep(FINE_STEP / SECOND / 5)
    return found


def remember(kind: str, path: Path | str, state: Any, form: type[T], compute: Callable[[], T]) -> T:
    """Return what `compute` returns: JSON-like data of the type `form` that follow from the content of the file.

    It is called only if no value of this `kind` is remembered for the path and the present `state` of the file, which
    is None if it is unknown. Raises what `compute` raises.
    """
    name = f"{kind} {os.path.abspath(path)}"
    known, value = _memory().get(name, (None, None))
    if state is not None and state == known and name not in _doubted:
        with suppress(PipelineError):  # the memory is damaged
            return convert(value, form)
    value = compute()
    _memory()[name] = (state, value)
    _doubted.discard(name)
    atexit.unregister(_save)
    atexit.register(_save)
    return value


def sha256(path: Path | str) -> str:
    """Return the sha256 of a file, in hexadecimal. Raises OSError."""

    def compute() -> str:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return remember("sha256", path, stamp_or_unique(path), str, compute)


def _save() -> None:
    """Write the memory of files that still exist. Without artifacts or room on the disk, they are read once more."""
    if not ARTIFACTS.is_dir():
        return
    files = {name: found for name, found in _memory().items() if os.path.exists(name.partition(" ")[2])}
    with suppress(OSError):
        MEMORY.parent.mkdir(exist_ok=True)
        with replacement(MEMORY) as temporary:
            temporary.write_text(json.dumps(files))
