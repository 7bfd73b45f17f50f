"""Whether a fault was survived."""

import signal
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.processes import ROOT
from tests.torture.kinds import Attempt, Fault
from tests.torture.places import small_disk
from tests.torture.workshop import Bench, find_leftovers, lasting, look, run, scratch


@dataclass(frozen=True)
class Trial:
    """An attempt of a fault on a command.

    bit: whether the fault came before the command was done. flaws: what then was not as it should be.
    """

    fault: Fault
    bench: Bench
    attempt: Attempt
    bit: bool
    flaws: Sequence[str]


def list_attempts(fault: Fault, bench: Bench, seed: int, rounds: int) -> list[Attempt]:
    """Those of a fault on a command: equal ones for an equal seed."""
    return list(fault.attempts(bench, Random(f"{seed} {fault.name} {bench.command.name}"), rounds))


def undergo(fault: Fault, bench: Bench, attempt: Attempt) -> Trial:
    """Let the command suffer an attempt, then let it run in peace."""
    with small_disk() if attempt.on_small_disk else nullcontext() as disk, scratch(bench, disk) as project:
        result = attempt.act(bench, project)
        flaws = [*judge_end(bench, attempt, result), *judge_project(bench, attempt, result, project)]
        flaws += [f"the next run: {flaw}" for flaw in judge_next(bench, run(bench.command, project), project)]
    return Trial(fault, bench, attempt, result.returncode != 0, flaws)


def judge_end(bench: Bench, attempt: Attempt, result: CompletedProcess[str]) -> list[str]:
    """What is wrong with how the command ended, and with what it said."""
    if result.returncode in (-signal.SIGINT, 1) and str(ROOT) not in result.stderr and "Traceback" in result.stderr:
        return []  # Python was not ready yet: the traceback is its own
    name = bench.command.line[0]
    flaws = []
    if result.returncode not in (0, *attempt.ends):
        flaws.append(f"it ended with {result.returncode}: {result.stderr[-300:]!r}")
    errors = [line for line in result.stderr.splitlines() if not line.startswith(f"{name}: ")]
    wanted = [0] if result.returncode == 0 else [1] if result.returncode > 0 else [0, 1]
    if len(errors) not in wanted or not all(line.startswith(f"handwriting {name}: ") for line in errors):
        flaws.append(f"it did not say one line, but {errors[-8:]}")
    if result.returncode == 0 and bench.tells and result.stdout != bench.said:
        flaws.append(f"it told something else than an undisturbed run: {result.stdout!r}")
    return flaws


def judge_project(bench: Bench, attempt: Attempt, result: CompletedProcess[str], project: Path) -> list[str]:
    """What has been lost, changed, or left about."""
    found = look(project)
    flaws = []
    if lasting(found) != bench.after:  # else it was done before the fault came, or before it was heard of
        if result.returncode == 0:
            flaws.append("it said that it was done, and has not made what an undisturbed run makes")
        names = sorted(name for name in {*found, *bench.before} if found.get(name) != bench.before.get(name))
        if names:
            flaws.append(f"what was there before has changed: {', '.join(names)}")
    if attempt.clean:
        flaws += [f"{name} is left" for name in find_leftovers(bench, project)]
    return flaws


def judge_next(bench: Bench, result: CompletedProcess[str], project: Path) -> list[str]:
    """What is wrong with a run after the fault was taken away."""
    if result.returncode != 0:
        return [f"it ended with {result.returncode}: {result.stderr[-300:]!r}"]
    flaws = [f"{name} is left" for name in find_leftovers(bench, project)]
    if lasting(look(project)) != bench.after or (bench.tells and result.stdout != bench.said):
        flaws.append("it has made something else than an undisturbed run makes")
    return flaws
