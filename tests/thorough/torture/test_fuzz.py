"""The short version of `make torture`, and whether it would find what there is to be found."""

import gzip
import io
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.torture.data_targets import check_gzip, idx_seeds
from tests.torture.fuzz import Job, Outcome, is_bad, main, run_job
from tests.torture.mutations import LONGEST
from tests.torture.planted import FAULTS, PLANTED
from tests.torture.targets import all_targets

INPUTS = 1500


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Outcome, list[str]]]:
    """What comes of each target, and what it has written of what may not come of it."""

    def run(name: str) -> tuple[Outcome, list[str]]:
        findings = tmp_path_factory.getbasetemp() / f"findings-{name}"
        outcome = run_job(Job(name, "mutations", seconds=300, inputs=INPUTS), findings)
        return outcome, [path.read_text() for path in findings.glob("*.txt")]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(all_targets(), pool.map(run, all_targets()), strict=True))


@pytest.mark.parametrize("name", all_targets())
def test_damaged_input_gives_what_it_justifies_or_is_refused(
    name: str, outcomes: dict[str, tuple[Outcome, list[str]]]
) -> None:
    outcome, findings = outcomes[name]
    assert findings == []
    assert outcome.counts.inputs == INPUTS
    assert not is_bad(outcome, all_targets()[name]), outcome


@pytest.mark.parametrize("name", all_targets())
def test_what_is_in_order_is_accepted_and_damage_comes_from_the_seed_alone(name: str) -> None:
    target = all_targets()[name]
    seeds = target.seeds()
    assert any(target.check(body) for body in seeds)

    def damaged() -> list[bytes]:
        generator = random.Random(1)
        return [target.mutation(body, generator) for body in seeds for _ in range(20)]

    assert damaged() == damaged()
    assert all(len(body) <= 2 * LONGEST for body in damaged())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_the_input_kept(fault: Callable[[], object], tmp_path: Path) -> None:
    name = fault.__name__
    job = Job(name, "mutations", seconds=20, inputs=3000)
    outcome = run_job(job, tmp_path / "findings", "tests.torture.planted", deadline=1 if name == "hang" else 60)
    found = {
        "raise_error": outcome.counts.crashes,
        "give_wrong_output": outcome.counts.wrong,
        "hang": outcome.hangs,
        "die": outcome.deaths,
        "eat": outcome.counts.peak > 1000 * PLANTED[name].ceiling,
    }
    assert {kind for kind, many in found.items() if many} == {name}
    assert is_bad(outcome, PLANTED[name])
    if name != "eat":  # which only the whole process tells
        kept = [path.with_suffix("") for path in (tmp_path / "findings").glob("*.txt")]
        assert kept and all(b"\xff" in path.read_bytes() and path.name.startswith(f"{name}-") for path in kept)


def test_where_no_fault_is_planted_none_is_found(tmp_path: Path) -> None:
    job = Job("sound", "mutations", seconds=20, inputs=3000)
    outcome = run_job(job, tmp_path / "findings", "tests.torture.planted")
    assert not is_bad(outcome, PLANTED["sound"])
    assert outcome.counts.inputs == 3000
    assert not (tmp_path / "findings").exists()


def test_an_oracle_tells_a_reader_that_lets_pass_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    body = gzip.compress(idx_seeds()[0], mtime=0)
    cut = body[:-1]
    assert check_gzip(body)
    assert not check_gzip(cut)
    monkeypatch.setattr(gzip, "GzipFile", lambda fileobj: io.BytesIO(idx_seeds()[0]))
    with pytest.raises(AssertionError):
        check_gzip(cut)


def test_the_command_ends_as_what_it_has_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "30", "--inputs", "300", "history"]) == 0
    said = capsys.readouterr().out
    assert "nothing came of them that may not" in said
    assert "history" in said
    (tmp_path / "kept").write_bytes(b"network,epoch")
    assert main(["--repeat", str(tmp_path / "kept"), "history"]) == 0
    assert capsys.readouterr().out == "refused\n"
    with pytest.raises(SystemExit):
        main(["no-such-target"])
