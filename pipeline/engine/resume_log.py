"""Resume logs let an interrupted run in blocks resume after its finished blocks.

The first line is the digest of a key, all that influences the results; every other line is an entry about a finished
block, after the digest of the entry. An entry is appended after the data of its block are on the disk, so an unfinished
block never counts. A log of another form, or one that was changed, counts as none.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.engine.fingerprint import fingerprint

IN_NO_KEY = "a resumed run has the result of an uninterrupted one"
RESUME_LOG = "resume-log"


def make_key(inputs: Any, function: Callable[..., Any]) -> list[Any]:
    """Return a key: JSON-like data about the inputs, the code of a function, and the versions of its packages."""
    found = fingerprint(function)
    return [inputs, found.code, found.versions]


def read_log(folder: Path, key: Any) -> list[Any] | None:
    """Return the entries of an earlier run with an equal key, or None; remove a last entry that was cut off."""
    path = folder / RESUME_LOG
    try:
        first, entries, torn = _parse(path)
        if first != _digest(key):
            return None
        os.truncate(path, path.stat().st_size - len(torn.encode()))
    except (OSError, ValueError, RecursionError):
        return None
    return entries


def peek_log(folder: Path) -> list[Any]:
    """Return the entries of an earlier run, whatever its key was; another process may be writing them."""
    try:
        return _parse(folder / RESUME_LOG)[1]
    except (OSError, ValueError, RecursionError):
        return []


def _parse(path: Path) -> tuple[str, list[Any], str]:
    """Return the digest of the key of a log, its entries, and one that is cut off. Raises ValueError."""
    first, *lines, torn = path.read_text(encoding="utf-8").split("\n")
    entries = []
    for line in lines:
        digest, _, entry = line.partition(" ")
        entries.append(json.loads(entry))
        if digest != _digest(entries[-1]):
            raise ValueError(line)
    return first, entries, torn


def has_entries(folder: Path) -> bool:
    """Return whether the folder has a log in which at least one block is finished."""
    path = folder / RESUME_LOG
    return path.is_file() and path.read_bytes().count(b"\n") > 1


@contextlib.contextmanager
def new_log(folder: Path, key: Any) -> Iterator[None]:
    """Begin a log without entries; there is none while the `with` block prepares the files of the data."""
    (folder / RESUME_LOG).unlink(missing_ok=True)
    yield
    (folder / RESUME_LOG).write_text(f"{_digest(key)}\n", encoding="utf-8")


def append_entry(folder: Path, entry: Any) -> None:
    """Append an entry, JSON-like data, about a block whose data are on the disk."""
    with open(folder / RESUME_LOG, "a", encoding="utf-8") as file:
        file.write(f"{_digest(entry)} {json.dumps(entry)}\n")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
