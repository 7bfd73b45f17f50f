"""Print the stages that make has to start, by comparing what each of them last saw with what is there now.

    python -IS pipeline/engine/look.py artifacts 'parse' 'train --epochs 3' ...

make runs this file once, with its stages in order and their options. Each stage has left a note in `artifacts/.notes`
(see `notes`). A stage is printed if it has no note, if its options differ, or if it follows one that is printed. A file
of the same content counts as unchanged, and its new times are noted. Any other difference may or may not matter: then
nothing is printed and the exit status is 1, and `handwriting status --stale` computes the exact keys.

The file is no part of a package while it runs. It imports little of the standard library, so that it takes 20 ms.
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

NOTES = ".notes"


def main(folder: str, requests: Sequence[str]) -> int:
    """Compare all; print the stages to start, or nothing if only the exact keys can tell. Returns the exit status."""
    start: list[str] = []
    for request in requests:
        stage, *options = shlex.split(request)
        path = os.path.join(folder, NOTES, f"{stage}.json")
        note = load(path)
        if note is None or start_again(note, options) or set(note["inputs"]) & set(start):
            start.append(stage)
            continue
        fresh = refresh(note)
        if fresh is None:
            return 1
        if fresh != note:
            save(path, fresh)
    print(*start)
    return 0


def load(path: str) -> dict[str, Any] | None:
    """The note in a file, or None if there is none or it is damaged."""
    if signature(path) is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            note: dict[str, Any] = json.load(file)
        return note
    except (OSError, ValueError):
        return None


def save(path: str, note: Mapping[str, Any]) -> None:
    """Write the note in one step. Where that is impossible, make only looks again."""
    fresh = f"{path}.fresh"  # that of a killed process is written over
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(fresh, "w", encoding="utf-8") as file:
                json.dump(note, file)
            os.replace(fresh, path)
        except OSError:
            os.unlink(fresh)


def start_again(note: Mapping[str, Any], options: Sequence[str]) -> bool:
    """Whether the options that decide the result are not those of the note."""
    return keyed(options, note["unkeyed"]) != keyed(note["options"], note["unkeyed"])


def keyed(options: Sequence[str], unkeyed: Mapping[str, bool]) -> list[str]:
    """The options without those in `unkeyed`, which maps each to whether a value follows it."""
    kept, rest = [], iter(options)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name not in unkeyed:
            kept.append(word)
        elif unkeyed[name] and not equals:
            next(rest, None)
    return kept


def refresh(note: Mapping[str, Any]) -> dict[str, Any] | None:
    """The note with the times of today, or None if anything but times differs."""
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
    """What a result may depend on that is no file: the interpreter, its version and the working directory."""
    return [sys.executable, f"{sys.version_info.major}.{sys.version_info.minor}", os.getcwd()]


def signature(path: str) -> list[int] | None:
    """Size, times and inode of a regular file; they differ when it changes, whatever the clock says. None otherwise."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):  # whoever opened a pipe might wait for ever
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def read_link(path: str) -> str | None:
    """Where a symbolic link points; None if it is none."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def list_modules(folder: str) -> list[str]:
    """The names in a folder that an import could find, sorted."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return sorted(name for name in names if name.removesuffix(".py").isidentifier() and name != "__pycache__")


def match(pattern: str) -> list[str]:
    """The paths that a pattern matches, sorted."""
    return sorted(glob.glob(pattern))


def sha256(path: str) -> str | None:
    """The digest of a file's content; None if it cannot be read."""
    import hashlib

    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
