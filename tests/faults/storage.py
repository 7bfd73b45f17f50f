"""File system faults: a full disk and missing permissions."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.faults.kinds import FAILED, MISUSED, Attempt, Fault, Injection, changed
from tests.faults.sandbox import Sandbox, copy_project, finish, list_inputs, start

PAGE = 4096  # bytes, the unit in which a tmpfs allocates
RETRIES = 20
SIZE = "size=200m"


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a tmpfs."""
    with TemporaryDirectory(prefix="disk-") as folder:
        _mount("-t", "tmpfs", "-o", SIZE, "none", folder)
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
        return "no disk can be mounted: run as root"


def fill_up(sandbox: Sandbox, generator: Random) -> Iterator[Attempt]:
    """Fill the disk up at points spread over what the command writes, and at random ones."""
    peak = _measure_disk_usage(sandbox)
    spread = {0, 1, 2, 3, max(peak - 1, 0), *(peak * part // 12 for part in range(12))}
    for count in sorted(spread | {generator.randrange(peak + 1) for _ in range(4)}):
        inject = changed(partial(_filled, pages=count))
        yield Attempt(f"{count * PAGE // 1024} KB left", inject, on_small_disk=True)


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


@contextmanager
def _filled(project: Path, pages: int) -> Iterator[None]:
    """Leave only so many pages on the disk of a project."""
    disk = project.parent.parent
    usage = os.statvfs(disk)
    _mount("-o", f"remount,size={(usage.f_blocks - usage.f_bfree + pages) * PAGE}", str(disk))
    try:
        yield
    finally:
        _mount("-o", f"remount,{SIZE}", str(disk))


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


def forbid(sandbox: Sandbox, generator: Random) -> Iterator[Attempt]:
    """Remove the permission to write outputs or to read inputs, before or during the run."""
    store = "artifacts/.store"
    for name, mode in ((store, 0o500), ("artifacts", 0o500), (store, 0o000)):
        yield Attempt(f"{name} with mode {mode:o}", _locked(mode, name), clean=False)
    inputs = list_inputs(sandbox)
    for path in generator.sample(inputs, min(len(inputs), 2)):
        yield Attempt(f"{path} unreadable", _locked(0, str(path)))
    for name in sandbox.command.reads:
        yield Attempt(f"{name} unreadable", _locked(0, name), (FAILED, MISUSED))  # an unreadable --from is misuse
    for _ in range(2):
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
    Fault("permission lost", forbid, permissions_unavailable),
)
