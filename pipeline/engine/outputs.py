"""Output files of commands that are not stages: published when they are complete, resumed after an interruption."""

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.files import new_file, replacement
from pipeline.engine.locks import file_lock
from pipeline.engine.resume_log import RESUME_LOG, has_entries
from pipeline.engine.store import check_outside

log = logging.getLogger(__name__)

LOCK = "lock"  # file in a working folder


def check_targets(targets: Sequence[Path], files: Sequence[Path]) -> None:
    """Raise UsageError if an output is not a regular file, or is also an input or another output."""
    used = set(map(os.path.realpath, files))
    for target in targets:
        if target.exists() and not target.is_file():
            raise UsageError(f"{target} is a folder, a device or a pipe: name a file")
        if not target.parent.is_dir():
            raise UsageError(f"folder {target.parent} for {target.name} does not exist: create it first")
        if os.path.realpath(target) in used:
            raise UsageError(f"{target} is already used by this command: choose another output")
        used.add(os.path.realpath(target))
        check_outside(target)


def check_page(target: Path) -> None:
    """Raise UsageError if an HTML page would get the name of another file, such as notes.txt."""
    if target.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"the name '{target.name}' does not end in .html: name a file such as page.html")


def name_work(output: Path) -> Path:
    """Return the working folder of an output, which contains the progress of an interrupted run."""
    return output.parent / f".{output.name}.work"


@contextlib.contextmanager
def working_folder(output: Path, command: str, keep: bool = False) -> Iterator[None]:
    """Create and lock the working folder of `output`; remove it at the end, unless a failure leaves finished blocks.

    keep: whether it stays after a success, too, so that the next run need not do again what is in its log.
    """
    folder = name_work(output)
    try:
        folder.mkdir(exist_ok=True)
        if not (folder / LOCK).exists() and any(folder.iterdir()):
            raise PipelineError(
                f"{folder} has files of another program: move the folder away, or choose another output"
            )
    except OSError as error:
        raise PipelineError(f"{output} cannot be written ({error.strerror}): choose another folder") from None
    try:
        with file_lock(folder / LOCK, None) as acquired:
            if not acquired:
                raise PipelineError(f"another process is writing {output}: wait for it, or choose another output")
            is_done = False
            try:
                yield
                is_done = True
                if not keep:
                    (folder / RESUME_LOG).unlink()
            finally:
                if not has_entries(folder):
                    shutil.rmtree(folder, ignore_errors=True)
                elif not is_done:
                    log.info("%s: progress is kept: run the same command again to resume", command)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # empty if a full disk had no room for the lock


def summarise(count: int, total: int, unit: str, seconds: float) -> str:
    """Return how many of a total this run has processed, and how fast. unit: their plural, which ends in s."""
    processed = f"{total:,}" if count == total else f"{count:,} of {total:,}"
    single, rate, speed = unit.removesuffix("s"), count / seconds, ""
    if count > 1:
        several = f"{rate:,.{0 if rate >= 100 else 1}f} {unit}/s"
        speed = f", {several}" if rate >= 1 else f", {seconds / count:,.1f} s/{single}"
    return f"{processed} {unit if total != 1 else single} in {seconds:.1f} s{speed}"


def write_file(path: Path, content: bytes) -> None:
    """Write a file that appears when it is on the disk; create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as file:
        file.write(content)


def publish(source: Path, target: Path) -> None:
    """Replace `target` by `source` atomically, even if it is on another disk."""
    with replacement(target) as temporary:
        shutil.move(source, temporary)
