"""A cache of what the key of each stage was computed from. With it, make finds out in 20 ms that nothing has changed.

    python -IS pipeline/engine/cache.py artifacts 'parse' 'train --epochs 3' ...

A stage that is up to date has a record, artifacts/.cache/STAGE.json: its options and all files that its key depends on,
with size, times, inode and sha256. It stays up to date as long as all of these are unchanged.

make runs this module as a script, once, with all stages in order and their options; so it imports few modules. It
prints the stages that may have to be started: those without a record, with other options or with any other difference,
and later stages that read them. A stage that reads one that make has not named before is printed, too: it will end with
an error. A hashed file with new times but the same content is unchanged. The exit status is 1 if the keys may show that
some of them are up to date, or if there are several, whose options have to be checked first; make then runs the command
`status --stale`.
"""

import glob
import json
import os
import shlex
import stat
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

if sys.version_info < (3, 11):  # noqa: UP036  (a copy of the engine has no metadata that pip could check)
    sys.exit(f"Python 3.11 or newer is required, but {sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}")

CACHE, STORE = ".cache", ".store"  # in the folder of all artifacts
KEYS = {"options", "inputs", "process", "links", "modules", "patterns", "files"}  # of a record

Record = dict[str, Any]


def main(artifacts: str, requests: Sequence[str]) -> int:
    """Print the stages that may have to be started; return the exit status: 1 if `status --stale` can tell more."""
    start: list[str] = []
    fresh: set[str] = set()
    exact = True
    for request in requests:
        stage, *options = shlex.split(request)
        record = load(artifacts, stage)
        if record is None or record["options"] != options or not _inputs(artifacts, record) <= fresh:
            start.append(stage)
            continue
        updated = _update(record)
        if updated is None:
            start.append(stage)
            exact = False
            continue
        fresh.add(stage)
        if updated != record:
            _save(artifacts, stage, updated)
    print(*start)
    return 0 if exact and len(start) <= 1 else 1


def take_snapshot(
    options: Sequence[str],
    inputs: Mapping[str, str],
    hashed: Iterable[str],
    unhashed: Iterable[str],
    folders: Collection[str],
    patterns: Iterable[str],
) -> Record:
    """Return a record of the current state, to be taken before any of it is used.

    inputs: path of each. hashed, unhashed: files. folders: with modules. patterns: of files of which none may be added
    or removed.
    """
    return {
        "options": format_options(options),
        "inputs": list(inputs),
        "process": _process(),
        "links": {path: read_link(path) for path in inputs.values()},
        "modules": {folder: list_modules(folder) for folder in folders},
        "patterns": {pattern: match(pattern) for pattern in patterns},
        "files": {path: [signature(path), None] for path in unhashed}
        | {path: [signature(path), sha256(path)] for path in hashed},
    }


def format_options(options: Sequence[str]) -> list[str]:
    """Return the options as in a record: as make writes them, --epochs=3 instead of --epochs 3, without --force."""
    joined: list[str] = []
    for word in options:
        if joined and not word.startswith("--") and "=" not in joined[-1]:
            joined[-1] += f"={word}"
        elif word not in ("--force", "--no-force"):
            joined.append(word)
    return joined


def write(output: str, entry: str, digests: Mapping[str, str | None], snapshot: Record | None) -> None:
    """Record that the result at `output` is up to date for `snapshot`. digests: sha256 of each of its files.

    Without a snapshot, or if another process has published a result other than `entry`, remove the record instead.
    """
    artifacts, name = os.path.split(output)
    link = read_link(output)
    if snapshot is None or link not in (None, os.path.join(STORE, entry)):
        _remove(_path(artifacts, name))
        return
    files = {path: [signature(path), digest] for path, digest in digests.items()}
    links = {**snapshot["links"], output: link}
    _save(artifacts, name, {**snapshot, "links": links, "files": {**snapshot["files"], **files}})


def load(artifacts: str, stage: str) -> Record | None:
    """Return the record of a stage, None if it is missing or damaged."""
    try:
        with open(_path(artifacts, stage), encoding="utf-8") as file:
            record = json.load(file)
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.keys() == KEYS else None


def _save(artifacts: str, stage: str, record: Record) -> None:
    """Write a record atomically, or remove it if the disk is full: the stage is then only started once more."""
    path = _path(artifacts, stage)
    temporary = f"{path}.fresh"  # a killed process may leave it; the next process overwrites it
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(record, file)
        os.replace(temporary, path)
    except OSError:
        for outdated in (temporary, path):
            _remove(outdated)


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _path(artifacts: str, stage: str) -> str:
    return os.path.join(artifacts, CACHE, f"{stage}.json")


def _inputs(artifacts: str, record: Record) -> set[str]:
    """Return the inputs that are published under the names of their stages, so that make has to know of them."""
    return {name for name in record["inputs"] if os.path.join(artifacts, name) in record["links"]}


def _update(record: Record) -> Record | None:
    """Return the record with the current signatures, None if anything else differs."""
    same = (
        record["process"] == _process()
        and all(read_link(path) == target for path, target in record["links"].items())
        and all(list_modules(path) == names for path, names in record["modules"].items())
        and all(match(pattern) == found for pattern, found in record["patterns"].items())
    )
    files = {}
    for path, (old, digest) in record["files"].items() if same else ():
        now = signature(path)
        if now != old and (now is None or old is None or now[0] != old[0] or digest is None or sha256(path) != digest):
            return None
        files[path] = [now, digest]
    return {**record, "files": files} if same else None


def _process() -> list[str]:
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
    """Return the paths that match a pattern, sorted, with hidden files; `**` matches any number of folders."""
    return sorted(glob.glob(pattern, recursive=True, include_hidden=True))


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
