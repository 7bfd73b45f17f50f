"""Results appear whole or not at all, and the earlier ones stay: one rename of a link says which of them counts.

`artifacts/train` is a symbolic link to `artifacts/.store/train-KEY`. A link can be replaced in one atomic step, a
folder cannot; so whoever looks sees one result or the other. What a killed run leaves, it leaves in the store, under
a name that ends in `.partial` or `.old`; the next run of its stage removes it.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from pipeline.engine.artifacts import MANIFEST
from pipeline.engine.errors import UsageError

STORE = ".store"
UNFINISHED = (".partial", ".old")
KEY_LENGTH = 16  # of 64; the whole key is compared with the manifest's


def entry_of(output: Path, stage: str, key: str) -> Path:
    """Where the store beside `output` keeps the result of `stage` with this key."""
    return output.parent / STORE / f"{stage}-{key[:KEY_LENGTH]}"


def stage_of(entry: Path) -> str:
    """The name of the stage that has made an entry."""
    return entry.name.rpartition("-")[0]


def resolve(output: Path) -> Path:
    """The folder that the link `output` shows now, which it may not show in a moment; `output` if it is no link."""
    return output.parent / output.readlink() if output.is_symlink() else output


def check_place(output: Path, stage: str) -> None:
    """Raise UsageError if there is something at `output` that `stage` has not made, or it lies within a result."""
    if output.exists() or output.is_symlink():
        entry = resolve(output)
        if entry.parent != output.parent / STORE:
            raise UsageError(
                f"{output} is not a link that a stage has made (was it copied without links?): move it away first"
            )
        if stage_of(entry) != stage:
            raise UsageError(
                f"{output} is the result of the stage {stage_of(entry)}: choose another output, or remove it"
            )
    within = [*output.absolute().parents, *output.parent.resolve().parents, output.parent.resolve()]
    if any(folder.name == STORE or resolve(folder).parent == folder.parent / STORE for folder in within):
        raise UsageError(f"{output} lies within a published result: choose another output")


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """The folder that `folder` shows now; `prune` leaves it alone while it is held. It need not be there."""
    entry = resolve(folder)
    try:
        descriptor = os.open(entry, os.O_RDONLY)
    except OSError:  # whoever reads it will say what is wrong
        yield entry
        return
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield entry
    finally:
        os.close(descriptor)


@contextmanager
def alone(output: Path, stage: str, report: Callable[[str], object]) -> Iterator[bool]:
    """Let one process at a time run `stage` beside `output`, and say whether this one had to wait.

    `report` is told for whom it waits. The lock dies with its process. Where nothing can be written there is none:
    nothing can be published either.
    """
    store = output.parent / STORE
    try:
        store.mkdir(parents=True, exist_ok=True)
        lock = _open_lock(store / f"{stage}.lock")
    except OSError:
        yield False
        return
    waited = False
    with lock:
        with suppress(OSError):  # a file system without locks
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waited = True
                report(f"waiting for {_holder(lock)}, which runs this stage already")
                fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(OSError):  # a full disk
            lock.truncate(0)
            lock.write(f"process {os.getpid()} (since {time.strftime('%H:%M:%S')})")
            lock.flush()
        yield waited


def _open_lock(path: Path) -> TextIO:
    try:
        return open(path, "a+", encoding="utf-8")
    except PermissionError:  # somebody else's, which can be locked all the same
        return open(path, encoding="utf-8")


def _holder(lock: TextIO) -> str:
    """What the holder of a lock has written into it, which it may do only now."""
    for _ in range(50):
        lock.seek(0)
        if text := lock.read().strip():
            return text
        time.sleep(0.002)
    return "another process"


@contextmanager
def private_folder(entry: Path) -> Iterator[Path]:
    """A new folder beside `entry` to work in, removed at the end unless it was published.

    What killed runs of the same stage have left is removed first; so only who is `alone` may ask for one.
    """
    for leftover in entry.parent.glob(f"{stage_of(entry)}-*"):
        if leftover.suffix in UNFINISHED:
            _discard(leftover)
    partial = entry.with_suffix(".partial")
    partial.mkdir(parents=True)
    try:
        with held(partial):
            yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def keep(partial: Path, entry: Path) -> None:
    """Make what is in `partial` the store's `entry`, in place of one that is damaged or was made again."""
    old = entry.with_suffix(".old")
    if entry.exists():
        entry.rename(old)
    partial.rename(entry)
    _discard(old)


def _discard(path: Path) -> None:
    """Remove whatever is there, if it can be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def publish(entry: Path, output: Path) -> None:
    """Make `output` show the store's `entry`, in one atomic step."""
    link = output.with_name(f".{output.name}.link")  # beside it, since the store may be on another disk
    link.unlink(missing_ok=True)
    link.symlink_to(Path(STORE) / entry.name)  # relative: artifacts/ may be moved as a whole
    try:
        link.replace(output)
    except OSError:
        link.unlink()
        raise
    stamp(output)


def stamp(output: Path) -> None:
    """Make the result the youngest of those beside it, whatever the clock says.

    make compares times: it sees that this one is done, and that those which are made from it are to be looked at.
    """
    youngest = max((path.stat().st_mtime_ns for path in output.parent.glob(f"*/{MANIFEST}")), default=0)
    now = max(time.time_ns(), youngest + 1)
    with suppress(OSError):  # not ours, or on a disk that cannot be written: make will only ask again
        os.utime(output / MANIFEST, ns=(now, now))


def entries(artifacts: Path) -> list[Path]:
    """The whole results in the store of a folder of artifacts."""
    return [path for path in _folders(artifacts / STORE) if path.suffix not in UNFINISHED]


def leftovers(artifacts: Path) -> list[Path]:
    """What is being made in the store, and what killed runs have left there."""
    return [path for path in _folders(artifacts / STORE) if path.suffix in UNFINISHED]


def _folders(store: Path) -> list[Path]:
    return sorted(path for path in store.glob("*-*") if path.is_dir() and not path.is_symlink())


def published(artifacts: Path) -> set[Path]:
    """The entries that some link in a folder of artifacts shows."""
    return {resolve(path) for path in artifacts.glob("*") if path.is_symlink()}


def remove(entry: Path) -> int | None:
    """Remove a folder from the store and return the bytes that its files had; None if a process holds it.

    Raises FileNotFoundError if somebody else has removed it.
    """
    descriptor = os.open(entry, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if entry in published(entry.parent.parent):  # a moment ago
            return None
        size = sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())
        old = entry.rename(entry.with_suffix(UNFINISHED[-1]))  # nobody finds half of it
        shutil.rmtree(old)
        return size
    except BlockingIOError:
        return None
    finally:
        os.close(descriptor)
