"""Lines of text about pictures that an interrupted run has written, so that the next run continues after them.

A folder contains the lines and a journal: first the digest of all that influences the lines, then an entry for each
finished block. The entry is appended after the lines are on the disk, so an unfinished block never counts.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.evaluation.predictions import JOURNAL

LINES, COPIES = "lines", "copies.json"


@dataclass(frozen=True)
class Progress:
    """Progress of a run.

    done: number of finished pictures. size: bytes of their lines. errors: messages about the unreadable ones.
    """

    done: int = 0
    size: int = 0
    errors: tuple[str, ...] = ()


def load_progress(folder: Path, key: Any) -> Progress | None:
    """Return the progress of an earlier run if its key is equal; remove an incomplete last entry.

    key: JSON-like data with everything that influences the lines.
    """
    journal = folder / JOURNAL
    progress = Progress()
    with contextlib.suppress(OSError, ValueError, TypeError):
        first, *entries, torn = journal.read_text(encoding="utf-8").split("\n")
        if first != _digest(key) or not entries:  # the first entry is that of the lines before all pictures
            return None
        for done, size, errors in map(json.loads, entries):
            progress = Progress(done, size, (*progress.errors, *errors))
        if (folder / LINES).stat().st_size < progress.size:
            return None
        os.truncate(journal, journal.stat().st_size - len(torn.encode()))
        return progress
    return None


def load_copies(folder: Path) -> list[str]:
    """Return the paths of the copies that runs with this folder have written, or would have written."""
    with contextlib.suppress(OSError, ValueError):
        return [str(path) for path in json.loads((folder / COPIES).read_bytes())]
    return []


def start_progress(folder: Path, key: Any, lines: Sequence[str], copies: Sequence[str]) -> Progress:
    """Begin with `lines`, which precede those about pictures; discard the progress of other runs, but no copies."""
    (folder / COPIES).write_text(json.dumps(sorted({*load_copies(folder), *copies})))
    (folder / JOURNAL).unlink(missing_ok=True)
    (folder / LINES).write_bytes(b"")
    (folder / JOURNAL).write_text(f"{_digest(key)}\n", encoding="utf-8")
    return append_lines(folder, Progress(), 0, lines, ())


def append_lines(folder: Path, before: Progress, count: int, lines: Sequence[str], errors: Sequence[str]) -> Progress:
    """Append the lines about the next `count` pictures; they are on the disk when the function returns."""
    body = "".join(f"{line}\n" for line in lines).encode(errors="replace")
    with open(folder / LINES, "r+b") as file:
        file.seek(before.size)
        file.truncate()  # lines of an unfinished block
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    after = Progress(before.done + count, before.size + len(body), (*before.errors, *errors))
    with open(folder / JOURNAL, "a", encoding="utf-8") as file:
        file.write(f"{json.dumps([after.done, after.size, list(errors)])}\n")
    return after


def _digest(key: Any) -> str:
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()
