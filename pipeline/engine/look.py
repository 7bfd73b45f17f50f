"""Print the stages that make has to start, by comparing file signatures with those in the stages' notes.

    python -IS pipeline/engine/look.py artifacts 'parse' 'train --epochs 3' ...

make runs this script once, with all stages in order and their options. The script imports few modules, so it takes
20 ms. A stage is printed if it has no note (see `notes.py`), if its options differ, or if one of its inputs has to be
started. A hashed file with new times but the same content is unchanged. After any other difference, and if several
stages have to be started, nothing is printed and the exit status is 1; make then runs `handwriting status --stale`,
which checks the options of all stages and computes the exact keys.
"""

import glob
import json
import os
import shlex
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

NOTES, STORE = ".notes", ".store"  # in the folder of all artifacts


def main(folder: str, requests: Sequence[str]) -> int:
    """Print the stage to start, if any; return the exit status: 1 if the exact keys are needed."""
    start: list[str] = []
    for request in requests:
        stage, *options = shlex.split(request)
        path = os.path.join(folder, NOTES, f"{stage}.json")
        note = load(path)
        if note is None or options_differ(note, options) or set(note["inputs"]) & set(start):
            start.append(stage)
            continue
        updated = update(note)
        if updated is None:
            return 1
        if updated != note:
            save(path, updated)
    if len(start) > 1:
        return 1
    print(*start)
    return 0


def load(path: str) -> dict[str, Any] | None:
    """Return the note in a file, None if it is missing or damaged."""
    if signature(path) is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            note: dict[str, Any] = json.load(file)
        return note
    except (OSError, ValueError):
        return None


def save(path: str, note: Mapping[str, Any]) -> None:
    """Write a note atomically. Errors are ignored: without a note, the stage is only started once more."""
    temporary = f"{path}.fresh"  # a killed process may leave it; the next process overwrites it
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(note, file)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)


def options_differ(note: Mapping[str, Any], options: Sequence[str]) -> bool:
    """Return whether the options that are part of the key differ from those in the note."""
    return keyed(options, note["unkeyed"]) != keyed(note["options"], note["unkeyed"])


def keyed(options: Sequence[str], unkeyed: Mapping[str, bool]) -> list[str]:
    """Return the options without those in `unkeyed`, which maps each to whether a value follows it."""
    kept, rest = [], iter(options)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name not in unkeyed:
            kept.append(word)
        elif unkeyed[name] and not equals:
            next(rest, None)
    return kept


def update(note: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the note with the current signatures, None if anything else differs."""
    same = (
        note["process"] == process()
        and all(read_link(path) == target for path, target in note["links"].items())
        and all(list_modules(path) == names for path, names in note["modules"].items())
        and all(match(pattern) == found for pattern, found in note["patterns"].items())
    )
    files = {}
    for path, (old, digest) in note["files"].items() if same else ():
        now = signature(path)
        if now != old and (now is None or old is None or now[0] != old[0] or digest is None or sha256(path) != digest):
            return None
        files[path] = [now, digest]
    return {**note, "files": files} if same else None


def process() -> list[str]:
    """Return the interpreter, its version and the working directory."""
    return [sys.executable, f"{sys.version_info.major}.{sys.version_info.minor}", os.getcwd()]


def signature(path: str) -> list[int] | None:
    """Return size, times and inode of a regular file, else None. They change with the file even if the clock is set."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):  # opening a pipe may block forever
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def read_link(path: str) -> str | None:
    """Return the target of a symbolic link, None for anything else."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def list_modules(folder: str) -> list[str]:
    """Return the names in a folder that can be imported, sorted, without the folder of artifacts."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(name for name in names if name.removesuffix(".py").isidentifier() and not _is_other(folder, name))


def _is_other(folder: str, name: str) -> bool:
    return name == "__pycache__" or ("." not in name and os.path.exists(os.path.join(folder, name, STORE)))


def match(pattern: str) -> list[str]:
    """Return the paths that match a pattern, sorted."""
    return sorted(glob.glob(pattern))


def sha256(path: str) -> str | None:
    """Return the digest of a file, None if it cannot be read."""
    import hashlib

    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
