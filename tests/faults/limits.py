"""Resource limits of a process: too few file descriptors, too little memory."""

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.faults.kinds import Attempt, Fault, Injection
from tests.faults.sandbox import Sandbox, run

ENOUGH = 64  # file descriptors: every command succeeds
MB = 1 << 20
BIG = 16_000  # units of a layer: the weights between two such layers take 1 GB


def few_descriptors(sandbox: Sandbox, generator: Random) -> Iterator[Attempt]:
    """Limit the number of open files. Python needs five to start."""
    yield Attempt(f"{ENOUGH} descriptors", _limited(resource.RLIMIT_NOFILE, ENOUGH), statuses=())
    for count in sorted({16, *generator.sample(range(6, 24), 5)}):
        yield Attempt(f"{count} descriptors", _limited(resource.RLIMIT_NOFILE, count))


def little_memory(sandbox: Sandbox, generator: Random) -> Iterator[Attempt]:
    """Limit the address space; for training, also to sizes that suffice for all but a large network."""
    for _ in range(4):
        size = generator.randrange(60, 1024)
        yield Attempt(f"{size} MB", _limited(resource.RLIMIT_AS, size * MB))
    for size in (1100, 1500, 2000) if sandbox.command.line[0] == "train" else ():
        limited = _limited(resource.RLIMIT_AS, size * MB, "--layers", f"{BIG},{BIG}")
        yield Attempt(f"{size} MB and layers of {BIG} units", limited)


def _limited(kind: int, limit: int, *options: str) -> Injection:
    def inject(sandbox: Sandbox, project: Path) -> CompletedProcess[str]:
        command = replace(sandbox.command, line=(*sandbox.command.line, *options))
        return run(command, project, preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)))

    return inject


FAULTS = (Fault("few descriptors", few_descriptors), Fault("little memory", little_memory))
