"""Faults of the places where things are read and written: a full disk, a lost permission."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from tests.torture.kinds import FAILED, MISUSED, Act, Attempt, Fault
from tests.torture.workshop import Bench, finish, run, scratch, start

PAGE = 4096  # bytes, by which a tmpfs gives room away
PATIENCE = 20  # times that a disk may be busy
BIG = "size=200m,nr_inodes=20000"


@contextmanager
def small_disk() -> Iterator[Path]:
    """A disk of its own, in memory."""
    with TemporaryDirectory(prefix="disk-") as folder:
        _mount("-t", "tmpfs", "-o", BIG, "none", folder)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def _mount(*arguments: str) -> None:
    line = ["mount", *arguments]
    for _ in range(PATIENCE):  # a process that another attempt has just forked may still have our open files
        if subprocess.run(line, capture_output=True).returncode == 0:
            return
        time.sleep(0.02)
    subprocess.run(line, check=True, capture_output=True)


@cache
def lacks_mount() -> str | None:
    """Why no small disk can be had here, if so."""
    try:
        with small_disk():
            return None
    except (OSError, subprocess.CalledProcessError):
        return "no small disk can be mounted here: be root, or let users have namespaces"


def fill_up(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """The room on the disk ends at the beginning of each file, in its middle, and anywhere."""
    most = _measure_room(bench)
    pages = [-(-size // PAGE) for size in bench.writes]
    ends = [sum(pages[:end]) for end in range(len(pages) + 1)]
    moments = {0, *ends[:-1], *(end - size // 2 - 1 for end, size in zip(ends[1:], pages, strict=True) if size > 1)}
    moments |= {1, 2, 3, most - 1, *(most - end for end in ends[:-1])}  # what is kept meanwhile may need more
    moments |= {generator.randrange(most + 1) for _ in range(4 * rounds)}
    for left in sorted(moment for moment in moments if moment >= 0):
        yield Attempt(f"{left * PAGE // 1024} KB left", _with_room_for(left), on_small_disk=True)


def _measure_room(bench: Bench) -> int:
    """The most pages of a disk that the command takes at any time."""
    with small_disk() as disk, scratch(bench, disk) as project:
        before = os.statvfs(disk).f_bfree
        with start(bench.command, project) as process:
            least = before
            while process.poll() is None:
                least = min(least, os.statvfs(disk).f_bfree)
                time.sleep(0.001)
            finish(process)
    return before - least


def use_up_inodes(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """The disk takes no more than so many files."""
    for left in range(min(len(bench.writes) + 3, 6 * rounds)):
        yield Attempt(f"room for {left} files", _with_inodes(left), on_small_disk=True)


def _with_room_for(pages: int) -> Act:
    return _on_less(lambda room: f"size={(room.f_blocks - room.f_bfree + pages) * PAGE}")


def _with_inodes(count: int) -> Act:
    return _on_less(lambda room: f"nr_inodes={room.f_files - room.f_ffree + count}")


def _on_less(options: Callable[[os.statvfs_result], str]) -> Act:
    """Run the command on its small disk, made as small as the options say of the room that there is."""

    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        disk = project.parent.parent
        with _remounted(disk, options(os.statvfs(disk))):
            return run(bench.command, project)

    return act


@contextmanager
def _remounted(disk: Path, options: str) -> Iterator[None]:
    _mount("-o", f"remount,{options}", str(disk))
    try:
        yield
    finally:
        _mount("-o", f"remount,rw,{BIG}", str(disk))


def read_only(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """The disk cannot be written to."""

    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        with _remounted(project.parent.parent, "ro"):
            return run(bench.command, project)

    yield Attempt("all of it", act, on_small_disk=True)


def unprivileged() -> Sequence[str]:
    """Words before a command, after which permissions count for root as well."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@cache
def lacks_permissions() -> str | None:
    """Why permissions cannot be taken away here, if so."""
    with TemporaryDirectory() as folder:
        place = Path(folder, "locked")
        place.mkdir(mode=0o500)
        line = [*unprivileged(), "touch", str(place / "file")]
        if unprivileged() and not shutil.which("setpriv"):
            return "root may do everything, and there is no setpriv (util-linux)"
        return None if subprocess.run(line, capture_output=True).returncode else "permissions do not count here"


def forbid(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """Places without permission: to write where results go, to read what is read; from the beginning or suddenly."""
    for name, mode in (("artifacts/.store", 0o500), ("artifacts", 0o500), ("artifacts/.store", 0o000)):
        yield Attempt(f"{name} with mode {mode:o}", _locked(name, mode), clean=False)
    read = [
        path.relative_to(bench.project) for name in bench.command.reads for path in (bench.project / name).iterdir()
    ]
    for path in generator.sample(sorted(read), min(len(read), 2 * rounds)):
        yield Attempt(f"{path} unreadable", _locked(str(path), 0))
    for name in bench.command.reads:
        yield Attempt(f"{name} unreadable", _locked(name, 0), ends=(FAILED, MISUSED))  # which --from and its like tell
    for _ in range(2 * rounds):
        seconds = generator.uniform(0.2, 1) * bench.seconds
        yield Attempt(f"no more writing after {seconds:.2f} s", _locked_after(seconds), clean=False)


def _locked(name: str, mode: int) -> Act:
    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        before = (project / name).stat().st_mode
        (project / name).chmod(mode)
        try:
            return run(bench.command, project, unprivileged())
        finally:
            (project / name).chmod(before)

    return act


def _locked_after(seconds: float) -> Act:
    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        with start(bench.command, project, unprivileged()) as process:
            time.sleep(seconds)
            store = project / "artifacts/.store"
            locked = {path: path.stat().st_mode for path in (store.parent, store, *store.glob("*.partial"))}
            try:
                for path in locked:
                    path.chmod(0o500)
                return finish(process)
            finally:
                for path, mode in locked.items():
                    if path.exists():
                        path.chmod(mode)

    return act


FAULTS = (
    Fault("disk full", fill_up, lacks_mount),
    Fault("disk full of files", use_up_inodes, lacks_mount),
    Fault("disk read-only", read_only, lacks_mount),
    Fault("permission lost", forbid, lacks_permissions),
)
