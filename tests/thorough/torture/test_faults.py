"""One attempt of each fault; `make torture` runs hundreds."""

from pathlib import Path
from random import Random

import pytest

from tests.torture.faults import FAULTS
from tests.torture.sandbox import Sandbox, create_sandboxes
from tests.torture.trial import list_attempts, run_trial

SAMPLED = 1


@pytest.fixture(scope="module")
def sandboxes(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Sandbox]:
    return create_sandboxes(tmp_path_factory.mktemp("torture") / "sandboxes", built)


@pytest.mark.parametrize("name", FAULTS)
def test_fault_loses_nothing_and_gives_one_line_error(name: str, sandboxes: list[Sandbox]) -> None:
    fault = FAULTS[name]
    reason = fault.unavailable()
    if reason:
        pytest.skip(reason)
    todo = [(sandbox, attempt) for sandbox in sandboxes for attempt in list_attempts(fault, sandbox, 1, 1)]
    trials = [run_trial(fault, *each) for each in Random(name).sample(todo, SAMPLED)]
    failures = {(trial.sandbox.command.name, trial.attempt.description): trial.failures for trial in trials}
    assert {key: value for key, value in failures.items() if value} == {}
