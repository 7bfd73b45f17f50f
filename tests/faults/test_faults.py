"""Faults injected into every command: a full disk, lost permissions, signals, too few resources, inputs cut short.

A trial passes if the command exits with a status other than 0 and a one-line error, or was done before the fault; if
all earlier files are unchanged and nothing but a checkpoint is left behind; and if the next run, without the fault,
gives the results of an undisturbed run.
"""

import signal
from contextlib import nullcontext
from pathlib import Path
from random import Random
from subprocess import CompletedProcess

import pytest

from tests.faults.injections import FAULTS, Attempt, small_disk
from tests.faults.sandbox import (
    TEMPORARY,
    Sandbox,
    copy_project,
    create_sandboxes,
    find_leftovers,
    hash_files,
    reproducible,
    run,
)
from tests.processes import ROOT

pytestmark = pytest.mark.slow

SAMPLED = 2  # commands into which each fault is injected


@pytest.fixture(scope="module")
def sandboxes(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Sandbox]:
    return create_sandboxes(tmp_path_factory.mktemp("faults") / "sandboxes", built)


@pytest.mark.parametrize("name", FAULTS)
def test_fault_loses_nothing_and_gives_one_line_error(name: str, sandboxes: list[Sandbox]) -> None:
    generator, failures = Random(name), {}
    for sandbox in generator.sample(sandboxes, SAMPLED):
        attempt = FAULTS[name](sandbox, generator)
        failures[sandbox.command.name, attempt.description] = run_trial(sandbox, attempt)
    assert {key: value for key, value in failures.items() if value} == {}


def run_trial(sandbox: Sandbox, attempt: Attempt) -> list[str]:
    """Run the command with the fault, then again without it; return what is wrong."""
    with small_disk() if attempt.on_small_disk else nullcontext() as disk, copy_project(sandbox, disk) as project:
        result = attempt.inject(sandbox, project)
        failures = [*check_exit(sandbox, attempt, result), *check_files(sandbox, attempt, result, project)]
        again = check_next_run(sandbox, attempt, run(sandbox.command, project), project)
    return [*failures, *(f"next run: {each}" for each in again)]


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


def check_next_run(sandbox: Sandbox, attempt: Attempt, result: CompletedProcess[str], project: Path) -> list[str]:
    """Return what is wrong with a run after the fault was removed.

    What a killed process had in TMPDIR may stay there: a later run cannot know whether its owner still runs.
    """
    if result.returncode != 0:
        return [f"exit status {result.returncode}: {result.stderr[-300:]!r}"]
    leftovers = find_leftovers(sandbox, project)
    failures = [f"left behind: {name}" for name in leftovers if attempt.clean or not name.startswith(f"{TEMPORARY}/")]
    if reproducible(hash_files(project)) != sandbox.after:
        failures.append("other results than without the fault")
    return failures
