"""Faults injected into every command: a full disk, lost permissions, signals, too few resources, inputs cut short.

A trial passes if the command exits with a status other than 0 and a one-line error, or was done before the fault; if
all earlier files are unchanged and nothing but a checkpoint is left behind; and if the next run, without the fault,
gives the results of an undisturbed run.
"""

from pathlib import Path
from random import Random

import pytest

from tests.faults import limits, storage, timing
from tests.faults.sandbox import Sandbox, create_sandboxes
from tests.faults.trial import run_trial

pytestmark = pytest.mark.slow

FAULTS = {fault.name: fault for fault in (*storage.FAULTS, *limits.FAULTS, *timing.FAULTS)}
SAMPLED = 2  # attempts of each fault, on any command


@pytest.fixture(scope="module")
def sandboxes(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Sandbox]:
    return create_sandboxes(tmp_path_factory.mktemp("faults") / "sandboxes", built)


@pytest.mark.parametrize("name", FAULTS)
def test_fault_loses_nothing_and_gives_one_line_error(name: str, sandboxes: list[Sandbox]) -> None:
    fault, generator = FAULTS[name], Random(name)
    reason = fault.unavailable()
    if reason:
        pytest.skip(reason)
    failures = {}
    for sandbox in generator.sample(sandboxes, SAMPLED):
        attempt = generator.choice(list(fault.attempts(sandbox, generator)))
        failures[sandbox.command.name, attempt.description] = run_trial(sandbox, attempt)
    assert {key: value for key, value in failures.items() if value} == {}
