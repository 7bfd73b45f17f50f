"""File system faults: a full disk, no inodes left, a read-only disk, missing permissions."""

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

from tests.torture.kinds import FAILED, MISUSED, Attempt, Fault, Injection
from tests.torture.sandbox import Sandbox, copy_project, finish, run, start

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
    line = ["mount", *arguments]
    for _ in range(RETRIES):  # the disk is busy while a process just forked by another attempt holds our open files
        if subprocess.run(line, capture_output=True).returncode == 0:
            return
        time.sleep(0.02)
    subprocess.run(line, check=True, capture_output=True)


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
        yield Attempt(f"{count * PAGE // 1024} KB left", _with_free_pages(count), on_small_disk=True)


def _measure_disk_usage(sandbox: Sandbox) -> int:
    """Return the peak disk usage of the command, in pages."""
    with small_disk() as disk, copy_project(sandbox, disk) as project:
        before = os.statvfs(disk).f_bfree
        with start(sandbox.command, project) as process:
            least = before
            while process.poll() is None:
                least = min(least, os.statvfs(disk).f_bfree)
                time.sleep(0.001)
            finish(process)
    return before - least


def use_up_inodes(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    for count in range(min(len(sandbox.writes) + 3, 6 * rounds)):
        yield Attempt(f"{count} inodes left", _with_free_inodes(count), on_small_disk=True)


def _with_free_pages(pages: int) -> Injection:
    return _on_smaller_disk(lambda usage: f"size={(usage.f_blocks - usage.f_bfree + pages) * PAGE}")


def _with_free_inodes(count: int) -> Injection:
    return _on_smaller_disk(lambda usage: f"nr_inodes={usage.f_files - usage.f_ffree + count}")


def _on_smaller_disk(options: Callable[[os.statvfs_result], str]) -> Injection:
    """Run the command on a disk remounted with the options computed from its usage."""

    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        disk = project.parent.parent
        with _remounted(disk, options(os.statvfs(disk))):
            return run(sandbox.command, project)

    return inject


@contextmanager
def _remounted(disk: Path, options: str) -> Iterator[None]:
    _mount("-o", f"remount,{options}", str(disk))
    try:
        yield
    finally:
        _mount("-o", f"remount,rw,{BIG}", str(disk))


def read_only(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        with _remounted(project.parent.parent, "ro"):
            return run(sandbox.command, project)

    yield Attempt("all of it", inject, on_small_disk=True)


def unprivileged() -> Sequence[str]:
    """Return the prefix of a command line that makes file permissions apply to root too."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@cache
def permissions_unavailable() -> str | None:
    """Return why file permissions have no effect, or None."""
    with TemporaryDirectory() as folder:
        locked = Path(folder, "locked")
        locked.mkdir(mode=0o500)
        line = [*unprivileged(), "touch", str(locked / "file")]
        if unprivileged() and not shutil.which("setpriv"):
            return "permissions do not apply to root: install setpriv (util-linux)"
        return None if subprocess.run(line, capture_output=True).returncode else "permissions have no effect"


def forbid(sandbox: Sandbox, generator: Random, rounds: int) -> Iterator[Attempt]:
    """Remove the permission to write outputs or to read inputs, before or during the run."""
    for name, mode in (("artifacts/.store", 0o500), ("artifacts", 0o500), ("artifacts/.store", 0o000)):
        yield Attempt(f"{name} with mode {mode:o}", _locked(name, mode), clean=False)
    inputs = [
        path.relative_to(sandbox.project)
        for name in sandbox.command.reads
        for path in (sandbox.project / name).iterdir()
    ]
    for path in generator.sample(sorted(inputs), min(len(inputs), 2 * rounds)):
        yield Attempt(f"{path} unreadable", _locked(str(path), 0))
    for name in sandbox.command.reads:
        yield Attempt(f"{name} unreadable", _locked(name, 0), (FAILED, MISUSED))  # an unreadable --from is misuse
    for _ in range(2 * rounds):
        seconds = generator.uniform(0.2, 1) * sandbox.seconds
        yield Attempt(f"read-only after {seconds:.2f} s", _locked_after(seconds), clean=False)


def _locked(name: str, mode: int) -> Injection:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        before = (project / name).stat().st_mode
        (project / name).chmod(mode)
        try:
            return run(sandbox.command, project, unprivileged())
        finally:
            (project / name).chmod(before)

    return inject


def _locked_after(seconds: float) -> Injection:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        with start(sandbox.command, project, unprivileged()) as process:
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

    return inject


FAULTS = (
    Fault("disk full", fill_up, mount_unavailable),
    Fault("disk full of files", use_up_inodes, mount_unavailable),
    Fault("disk read-only", read_only, mount_unavailable),
    Fault("permission lost", forbid, permissions_unavailable),
)
