"""The faults: a full disk, missing permissions, too few resources, signals, and inputs cut short during a run."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from random import Random
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

import pytest

from tests.faults.sandbox import Sandbox, copy_project, finish, list_inputs, run, start
from tests.processes import unprivileged

FAILED, MISUSED, INTERRUPTED = 1, 2, 130  # exit statuses
PAGE = 4096  # bytes, the unit in which a tmpfs allocates
RETRIES = 20
SIZE = "size=200m"
MB = 1 << 20
ENOUGH = 64  # file descriptors: every command succeeds
BIG = 16_000  # units of a layer: the weights between two such layers take 1 GB
STORE = "artifacts/.store"

Injection = Callable[[Sandbox, Path], CompletedProcess[str]]
Change = Callable[[Path], AbstractContextManager[object]]  # changes a project, and undoes it on exit


@dataclass(frozen=True)
class Attempt:
    """One injection of a fault.

    inject: runs the command with the fault in a copy of the project, then removes the fault. statuses: the allowed
    exit statuses besides 0. clean: whether the command can delete its temporary files. on_small_disk: whether the
    project must be on a separate file system.
    """

    description: str
    inject: Injection
    statuses: tuple[int, ...] = (FAILED,)
    clean: bool = True
    on_small_disk: bool = False


def changed(change: Change, seconds: float | None = None, prefix: Sequence[str] = ()) -> Injection:
    """Return an injection that makes a change before the run or, with `seconds`, so long after its start."""

    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        if seconds is None:
            with change(project):
                return run(sandbox.command, project, prefix)
        with start(sandbox.command, project, prefix) as process:
            time.sleep(seconds)
            with change(project):
                return finish(process)

    return inject


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


def fill_up(sandbox: Sandbox, generator: Random) -> Attempt:
    """Fill the disk up at a point of what the command writes; the first and the last pages are the most critical."""
    if reason := mount_unavailable():
        pytest.skip(reason)
    peak = _measure_disk_usage(sandbox)
    count = generator.choice([*range(4), max(peak - 1, 0), *(generator.randrange(peak + 1) for _ in range(12))])
    return Attempt(f"{count * PAGE // 1024} KB left", changed(partial(_filled, pages=count)), on_small_disk=True)


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


def forbid(sandbox: Sandbox, generator: Random) -> Attempt:
    """Remove the permission to write outputs or to read inputs, before or during the run."""
    seconds = generator.uniform(0.2, 1) * sandbox.seconds
    file, folder = str(generator.choice(list_inputs(sandbox))), generator.choice(sandbox.command.reads)
    outputs = ((STORE, 0o500), ("artifacts", 0o500), (STORE, 0o000))
    return generator.choice(
        [
            *(Attempt(f"{name} with mode {mode:o}", _locked(mode, name), clean=False) for name, mode in outputs),
            Attempt(f"{file} unreadable", _locked(0, file)),
            Attempt(f"{folder} unreadable", _locked(0, folder), (FAILED, MISUSED)),  # an unreadable --from is misuse
            Attempt(
                f"read-only after {seconds:.2f} s",
                _locked(0o500, "artifacts", STORE, f"{STORE}/*.partial", seconds=seconds),
                clean=False,
            ),
        ]
    )


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


def few_descriptors(sandbox: Sandbox, generator: Random) -> Attempt:
    """Limit the number of open files. Python needs five to start."""
    count = generator.choice([ENOUGH, *range(6, 24)])
    statuses = () if count == ENOUGH else (FAILED,)
    return Attempt(f"{count} descriptors", _limited(resource.RLIMIT_NOFILE, count), statuses)


def little_memory(sandbox: Sandbox, generator: Random) -> Attempt:
    """Limit the address space; for training, also to sizes that suffice for all but a large network."""
    if sandbox.command.line[0] == "train" and generator.random() < 0.5:
        size = generator.choice((1100, 1500, 2000))
        limited = _limited(resource.RLIMIT_AS, size * MB, "--layers", f"{BIG},{BIG}")
        return Attempt(f"{size} MB and layers of {BIG} units", limited)
    size = generator.randrange(60, 1024)
    return Attempt(f"{size} MB", _limited(resource.RLIMIT_AS, size * MB))


def _limited(kind: int, limit: int, *options: str) -> Injection:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        command = replace(sandbox.command, line=(*sandbox.command.line, *options))
        return run(command, project, preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)))

    return inject


def stop_by(sandbox: Sandbox, generator: Random, kind: signal.Signals) -> Attempt:
    """Send a signal at any time of the run."""
    seconds = generator.random() * sandbox.seconds
    # Python re-raises a SIGINT that arrives within exec(), as used by dataclasses, after cleaning up
    statuses = (-kind,) if kind is signal.SIGKILL else (INTERRUPTED, -kind, -signal.SIGINT)

    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        with start(sandbox.command, project) as process:
            time.sleep(seconds)
            process.send_signal(kind)
            return finish(process)

    return Attempt(f"after {seconds:.3f} s", inject, statuses, kind is not signal.SIGKILL)


def cut_short(sandbox: Sandbox, generator: Random) -> Attempt:
    """Truncate an input file during the run."""
    name = generator.choice([each for each in list_inputs(sandbox) if (sandbox.project / each).stat().st_size > 2000])
    size = generator.randrange((sandbox.project / name).stat().st_size)
    seconds = generator.uniform(0.1, 1) * sandbox.seconds
    inject = changed(partial(_truncated, name=name, size=size), seconds)
    return Attempt(f"{name} truncated to {size} bytes after {seconds:.2f} s", inject)


@contextmanager
def _truncated(project: Path, name: Path, size: int) -> Iterator[None]:
    path = project / name
    content, stat = path.read_bytes(), path.stat()
    os.truncate(path, size)
    yield
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
FAULTS: Mapping[str, Callable[[Sandbox, Random], Attempt]] = {
    "disk full": fill_up,
    "permission lost": forbid,
    "few descriptors": few_descriptors,
    "little memory": little_memory,
    **{kind.name: partial(stop_by, kind=kind) for kind in SIGNALS},
    "input cut short": cut_short,
}
