"""Lines and copies that an interrupted run has written, so that the next run continues after them.

They are in a folder, with a journal, until all pictures are done. An entry is the number of pictures of a block, the
size of all lines after it, and the messages about its unreadable pictures.
"""

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine.files import new_file
from pipeline.scheduling.journal import append_entry, new_journal, read_journal

LINES, COPIES = "lines", "copies"


@dataclass(frozen=True)
class Written:
    """What is in the folder. done: number of finished pictures. size: of their lines, in bytes.

    errors: messages about the unreadable pictures.
    """

    folder: Path
    done: int = 0
    size: int = 0
    errors: tuple[str, ...] = ()

    def copy_of(self, index: int) -> Path:
        """Return the file of the copy of a picture; it is missing if the picture is unreadable, or once it is moved."""
        return self.folder / COPIES / f"{index}.png"


def resume_output(folder: Path, key: Any) -> Written | None:
    """Return what an earlier run has written if its key is equal, see `make_key`."""
    written = Written(folder)
    with contextlib.suppress(OSError, ValueError, TypeError):
        entries = read_journal(folder, key)
        for count, size, errors in entries or []:
            written = Written(folder, written.done + count, size, (*written.errors, *errors))
        if entries and written.size <= (folder / LINES).stat().st_size:  # the first is that of the lines before all
            return written
    return None


def start_output(folder: Path, key: Any, lines: Sequence[str]) -> Written:
    """Begin with `lines`, which precede those about pictures; discard what other runs have written."""
    with new_journal(folder, key):
        (folder / LINES).write_bytes(b"")
        shutil.rmtree(folder / COPIES, ignore_errors=True)
    return append_block(Written(folder), lines, [], [])


def append_block(
    before: Written, lines: Sequence[str], errors: Sequence[str], copies: Sequence[bytes | None]
) -> Written:
    """Append the lines about the next pictures; they are on the disk when the function returns.

    copies: one for each of the pictures, or None.
    """
    for index, copy in enumerate(copies, start=before.done):
        if copy is not None:
            write_file(before.copy_of(index), copy)
    body = "".join(f"{line}\n" for line in lines).encode(errors="replace")
    with open(before.folder / LINES, "r+b") as file:
        file.seek(before.size)
        file.truncate()  # lines of an unfinished block
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    append_entry(before.folder, [len(copies), before.size + len(body), list(errors)])
    return Written(before.folder, before.done + len(copies), before.size + len(body), (*before.errors, *errors))


def write_file(path: Path, content: bytes) -> None:
    """Write a file that appears when it is on the disk; create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as file:
        file.write(content)
