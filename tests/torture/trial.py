"""Inject one fault into a command and check the outcome."""

import signal
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

from tests.processes import ROOT
from tests.torture.kinds import Attempt, Fault
from tests.torture.sandbox import Sandbox, copy_project, find_leftovers, hash_files, reproducible, run
from tests.torture.storage import small_disk


@dataclass(frozen=True)
class Trial:
    """The outcome of an attempt. triggered: whether the fault made the command fail."""

    fault: Fault
    sandbox: Sandbox
    attempt: Attempt
    triggered: bool
    failures: Sequence[str]


def list_attempts(fault: Fault, sandbox: Sandbox, seed: int, rounds: int) -> list[Attempt]:
    """Return the attempts of a fault on a command, determined by the seed."""
    return list(fault.attempts(sandbox, Random(f"{seed} {fault.name} {sandbox.command.name}"), rounds))


def run_trial(fault: Fault, sandbox: Sandbox, attempt: Attempt) -> Trial:
    """Run the command with the fault, then again without it."""
    with small_disk() if attempt.on_small_disk else nullcontext() as disk, copy_project(sandbox, disk) as project:
        result = attempt.inject(sandbox, project)
        failures = [*check_exit(sandbox, attempt, result), *check_files(sandbox, attempt, result, project)]
        failures += [f"next run: {each}" for each in check_next_run(sandbox, run(sandbox.command, project), project)]
    return Trial(fault, sandbox, attempt, result.returncode != 0, failures)


def check_exit(sandbox: Sandbox, attempt: Attempt, result: CompletedProcess[str]) -> list[str]:
    """Return what is wrong with the exit status and the messages."""
    if result.returncode in (-signal.SIGINT, 1) and str(ROOT) not in result.stderr and "Traceback" in result.stderr:
        return []  # Python failed while starting up: the traceback is not ours
    name = sandbox.command.line[0]
    failures = []
    if result.returncode not in (0, *attempt.statuses):
        failures.append(f"exit status {result.returncode}: {result.stderr[-300:]!r}")
    lines = result.stderr.splitlines()
    if not all(line.startswith((f"{name}: ", "model: ")) for line in lines) or (result.returncode > 0 and not lines):
        failures.append(f"not a one-line error: {lines[-8:]}")
    if result.returncode == 0 and sandbox.only_prints and result.stdout != sandbox.stdout:
        failures.append(f"other output than without the fault: {result.stdout!r}")
    return failures


def check_files(sandbox: Sandbox, attempt: Attempt, result: CompletedProcess[str], project: Path) -> list[str]:
    """Return what was lost, changed or left behind."""
    found = hash_files(project)
    failures = []
    if reproducible(found) != sandbox.after:  # equal if the command was done before the fault took effect
        if result.returncode == 0:
            failures.append("exit status 0, but other results than without the fault")
        names = sorted(name for name in {*found, *sandbox.before} if found.get(name) != sandbox.before.get(name))
        if names:
            failures.append(f"earlier results changed: {', '.join(names)}")
    if attempt.clean:
        failures += [f"left behind: {name}" for name in find_leftovers(sandbox, project)]
    return failures


def check_next_run(sandbox: Sandbox, result: CompletedProcess[str], project: Path) -> list[str]:
    """Return what is wrong with a run after the fault was removed."""
    if result.returncode != 0:
        return [f"exit status {result.returncode}: {result.stderr[-300:]!r}"]
    failures = [f"left behind: {name}" for name in find_leftovers(sandbox, project)]
    if reproducible(hash_files(project)) != sandbox.after or (sandbox.only_prints and result.stdout != sandbox.stdout):
        failures.append("other results than without the fault")
    return failures
