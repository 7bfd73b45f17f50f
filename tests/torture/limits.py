"""Faults of what a process may have: too few descriptors, too little memory."""

import resource
from collections.abc import Iterator
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.torture.kinds import Act, Attempt, Fault
from tests.torture.workshop import Bench, run

ENOUGH = 64  # descriptors, with which everything works
MB = 1 << 20


def few_descriptors(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """So few open files at once; Python itself needs five to start."""
    yield Attempt(f"{ENOUGH} of them", _limited(resource.RLIMIT_NOFILE, ENOUGH), ends=())
    for count in sorted({16, *generator.sample(range(6, 24), 5 * rounds if rounds < 4 else 18)}):
        yield Attempt(f"{count} of them", _limited(resource.RLIMIT_NOFILE, count))


def little_memory(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """So many addresses, from what Python itself needs to start up to what is enough for all."""
    count = 6 * rounds
    for number in range(count):
        size = 60 + round((number + generator.random()) / count * 740)
        yield Attempt(f"{size} MB", _limited(resource.RLIMIT_AS, size * MB))


def _limited(kind: int, most: int) -> Act:
    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        return run(bench.command, project, preexec_fn=lambda: resource.setrlimit(kind, (most, most)))

    return act


FAULTS = (
    Fault("few descriptors", few_descriptors),
    Fault("little memory", little_memory),
)
