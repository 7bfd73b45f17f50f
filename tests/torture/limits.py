"""Faults of what a process may have: too few descriptors, too little memory."""

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.torture.kinds import Act, Attempt, Fault
from tests.torture.workshop import Bench, run

ENOUGH = 64  # descriptors, with which everything works
MB = 1 << 20
BIG = 16_000  # units of a layer: the weights between two of them alone take 1 GB


def few_descriptors(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """So few open files at once; Python itself needs five to start."""
    yield Attempt(f"{ENOUGH} of them", _limited(resource.RLIMIT_NOFILE, ENOUGH), ends=())
    for count in sorted({16, *generator.sample(range(6, 24), 5 * rounds if rounds < 4 else 18)}):
        yield Attempt(f"{count} of them", _limited(resource.RLIMIT_NOFILE, count))


def little_memory(bench: Bench, generator: Random, rounds: int) -> Iterator[Attempt]:
    """So many addresses that Python starts up and no more, or more; and for training enough, but for a big network."""
    for _ in range(4 * rounds):
        size = generator.randrange(60, 1024)
        yield Attempt(f"{size} MB", _limited(resource.RLIMIT_AS, size * MB))
    if bench.command.line[0] == "train":
        for size in (1100, 1500, 2000):
            how = f"{size} MB and layers of {BIG} units"
            yield Attempt(how, _limited(resource.RLIMIT_AS, size * MB, "--layers", f"{BIG},{BIG}"))


def _limited(kind: int, most: int, *more: str) -> Act:
    def act(bench: Bench, project: Path) -> CompletedProcess[str]:
        command = replace(bench.command, line=(*bench.command.line, *more))
        return run(command, project, preexec_fn=lambda: resource.setrlimit(kind, (most, most)))

    return act


FAULTS = (
    Fault("few descriptors", few_descriptors),
    Fault("little memory", little_memory),
)
