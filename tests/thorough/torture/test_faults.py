"""A few of each kind of fault, for real; `make torture` tries hundreds."""

from pathlib import Path
from random import Random

import pytest

from tests.torture.faults import FAULTS
from tests.torture.verdict import list_attempts, undergo
from tests.torture.workshop import Bench, set_up

FEW = 1


@pytest.fixture(scope="module")
def benches(built: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Bench]:
    """Each command, ready to suffer."""
    return set_up(tmp_path_factory.mktemp("torture") / "benches", built)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_loses_nothing_and_is_told_in_one_line(name: str, benches: list[Bench]) -> None:
    fault = FAULTS[name]
    lack = fault.lack()
    if lack:
        pytest.skip(lack)
    trials = [(bench, attempt) for bench in benches for attempt in list_attempts(fault, bench, 1, 1)]
    done = [undergo(fault, *trial) for trial in Random(name).sample(trials, FEW)]
    assert {f"{trial.bench.command.name}, {trial.attempt.how}": trial.flaws for trial in done if trial.flaws} == {}
