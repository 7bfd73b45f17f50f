"""File system faults: a full disk, no inodes left, a read-only disk, missing permissions."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.torture.kinds import FAILED, MISUSED, Attempt, Fault, Injection, changed
from tests.torture.sandbox import Sandbox, copy_project, finish, list_inputs, start

PAGE = 4096  # bytes, the unit in which a tmpfs allocates
RETRIES = 20
BIG = "size=200m,nr_inodes=20000"


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a tmpfs."""
    with TemporaryDirectory(prefix="disk-") as folder:
        _mount("-t", "tmpfs", "-o", BIG, "none", folder)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def _mount(*arguments: str) -> None:
    for _ in range(RETRIES):  # the disk is busy while a process just forked by another attempt holds our open files
        done = subprocess.run(["mount", *arguments], capture_output=True)
        if done.returncode == 0:
            return
        time.sleep(0.02)
    done.check_returncode()


@cache
def mount_unavailable() -> str | None:
    """Return why no disk can be mounted, or None."""
    try:
        with small_disk():
            return None
    except (OSError, subprocess.CalledProcessError):
        return "no disk can be mounted: run as root, or enable user namespaces"


def fill_up(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    """Fill the disk up at the start of each file, in its middle, and at random points."""
    peak = _measure_disk_usage(sandbox)
    pages = [-(-size // PAGE) for size in sandbox.writes]
    ends = [sum(pages[:end]) for end in range(len(pages) + 1)]
    free = {0, *ends[:-1], *(end - size // 2 - 1 for end, size in zip(ends[1:], pages, strict=True) if size > 1)}
    free |= {1, 2, 3, peak - 1, *(peak - end for end in ends[:-1])}  # temporary files may need more than the results
    free |= {generator.randrange(peak + 1) for _ in range(4 * rounds)}
    for count in sorted(count for count in free if count >= 0):
        yield _on_disk(f"{count * PAGE // 1024} KB left", partial(_with_free_pages, pages=count))


def _measure_disk_usage(sandbox: Sandbox) -> int:
    """Return the peak disk usage of the command, in pages."""
    with small_disk() as disk, copy_project(sandbox, disk) as project:
        before = least = os.statvfs(disk).f_bfree
        with start(sandbox.command, project) as process:
            while process.poll() is None:
                least = min(least, os.statvfs(disk).f_bfree)
                time.sleep(0.001)
            finish(process)
    return before - least


def use_up_inodes(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    for count in range(min(len(sandbox.writes) + 3, 6 * rounds)):
        yield _on_disk(f"{count} inodes left", partial(_with_free_inodes, count=count))


def read_only(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    yield _on_disk("all of it", lambda usage: "ro")


def _with_free_pages(usage: os.statvfs_result, pages: int) -> str:
    return f"size={(usage.f_blocks - usage.f_bfree + pages) * PAGE}"


def _with_free_inodes(usage: os.statvfs_result, count: int) -> str:
    return f"nr_inodes={usage.f_files - usage.f_ffree + count}"


def _on_disk(description: str, options: Callable[[os.statvfs_result], str]) -> Attempt:
    """Return an attempt on a disk remounted with the options computed from its usage."""

    @contextmanager
    def remounted(project: Path) -> Iterator[None]:
        disk = project.parent.parent
        _mount("-o", f"remount,{options(os.statvfs(disk))}", str(disk))
        try:
            yield
        finally:
            _mount("-o", f"remount,rw,{BIG}", str(disk))

    return Attempt(description, changed(remounted), on_small_disk=True)


def unprivileged() -> Sequence[str]:
    """Return the prefix of a command line that makes file permissions apply to root too."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@cache
def permissions_unavailable() -> str | None:
    """Return why file permissions have no effect, or None."""
    if unprivileged() and not shutil.which("setpriv"):
        return "permissions do not apply to root: install setpriv (util-linux)"
    with TemporaryDirectory() as folder:
        locked = Path(folder, "locked")
        locked.mkdir(mode=0o500)
        line = [*unprivileged(), "touch", str(locked / "file")]
        return None if subprocess.run(line, capture_output=True).returncode else "permissions have no effect"


def forbid(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    """Remove the permission to write outputs or to read inputs, before or during the run."""
    store = "artifacts/.store"
    for name, mode in ((store, 0o500), ("artifacts", 0o500), (store, 0o000)):
        yield Attempt(f"{name} with mode {mode:o}", _locked(mode, name), clean=False)
    inputs = list_inputs(sandbox)
    for path in generator.sample(inputs, min(len(inputs), 2 * rounds)):
        yield Attempt(f"{path} unreadable", _locked(0, str(path)))
    for name in sandbox.command.reads:
        yield Attempt(f"{name} unreadable", _locked(0, name), (FAILED, MISUSED))  # an unreadable --from is misuse
    for _ in range(2 * rounds):
        seconds = generator.uniform(0.2, 1) * sandbox.seconds
        inject = _locked(0o500, "artifacts", store, f"{store}/*.partial", seconds=seconds)
        yield Attempt(f"read-only after {seconds:.2f} s", inject, clean=False)


def _locked(mode: int, *patterns: str, seconds: float | None = None) -> Injection:
    """Return an injection that changes the mode of files and folders."""

    @contextmanager
    def locked(project: Path) -> Iterator[None]:
        before = {path: path.stat().st_mode for pattern in patterns for path in project.glob(pattern)}
        for path in before:
            path.chmod(mode)
        try:
            yield
        finally:
            for path in filter(Path.exists, before):
                path.chmod(before[path])

    return changed(locked, seconds, unprivileged())


FAULTS = (
    Fault("disk full", fill_up, mount_unavailable),
    Fault("disk full of files", use_up_inodes, mount_unavailable),
    Fault("disk read-only", read_only, mount_unavailable),
    Fault("permission lost", forbid, permissions_unavailable),
)
