"""A short fuzzing campaign, and tests of the fuzzer itself."""

import gzip
import io
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.torture.broken_readers import FAULTS, READERS
from tests.torture.data_targets import check_gzip, idx_seeds
from tests.torture.fuzz import Job, is_bad, main, run_job
from tests.torture.mutations import MAX_LENGTH
from tests.torture.targets import all_targets
from tests.torture.worker import Counts

INPUTS = 1500


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Counts, list[str]]]:
    """The counts and the reported findings of each target."""

    def run(name: str) -> tuple[Counts, list[str]]:
        findings = tmp_path_factory.getbasetemp() / f"findings-{name}"
        counts = run_job(Job(name, "mutations", seconds=300, inputs=INPUTS), findings)
        return counts, [path.read_text() for path in findings.glob("*.txt")]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(all_targets(), pool.map(run, all_targets()), strict=True))


@pytest.mark.parametrize("name", all_targets())
def test_mutants_satisfy_the_oracle_or_are_refused(name: str, outcomes: dict[str, tuple[Counts, list[str]]]) -> None:
    counts, findings = outcomes[name]
    assert findings == []
    assert counts.inputs == INPUTS
    assert not is_bad(counts, all_targets()[name]), counts


@pytest.mark.parametrize("name", all_targets())
def test_valid_input_is_accepted_and_mutations_depend_only_on_seed(name: str) -> None:
    target = all_targets()[name]
    seeds = target.seeds()
    assert any(target.check(body) for body in seeds)

    def mutants() -> list[bytes]:
        generator = random.Random(1)
        return [target.mutation(body, generator) for body in seeds for _ in range(20)]

    assert mutants() == mutants()
    assert all(len(body) <= 2 * MAX_LENGTH for body in mutants())


@pytest.mark.parametrize("fault", FAULTS)
def test_fuzzer_finds_fault_and_saves_input(fault: Callable[[], object], tmp_path: Path) -> None:
    name = fault.__name__
    job = Job(name, "mutations", seconds=20, inputs=3000)
    deadline = 1 if name == "hang" else 60
    counts = run_job(job, tmp_path / "findings", "tests.torture.broken_readers", deadline)
    found = {
        "raise_error": counts.crashes,
        "give_wrong_output": counts.wrong,
        "hang": counts.hangs,
        "die": counts.deaths,
        "allocate": counts.peak > 1000 * READERS[name].max_memory,
    }
    assert {kind for kind, count in found.items() if count} == {name}
    assert is_bad(counts, READERS[name])
    if name != "allocate":  # memory is measured for the process, not for an input
        saved = [path.with_suffix("") for path in (tmp_path / "findings").glob("*.txt")]
        assert saved and all(b"\xff" in path.read_bytes() and path.name.startswith(f"{name}-") for path in saved)


def test_fuzzer_finds_nothing_in_correct_reader(tmp_path: Path) -> None:
    job = Job("correct", "mutations", seconds=20, inputs=3000)
    counts = run_job(job, tmp_path / "findings", "tests.torture.broken_readers")
    assert not is_bad(counts, READERS["correct"])
    assert counts.inputs == 3000
    assert not (tmp_path / "findings").exists()


def test_oracle_detects_reader_that_accepts_damaged_input(monkeypatch: pytest.MonkeyPatch) -> None:
    body = gzip.compress(idx_seeds()[0], mtime=0)
    cut = body[:-1]
    assert check_gzip(body)
    assert not check_gzip(cut)
    monkeypatch.setattr(gzip, "GzipFile", lambda fileobj: io.BytesIO(idx_seeds()[0]))
    with pytest.raises(AssertionError):
        check_gzip(cut)


def test_exit_status_without_findings_repeat_and_unknown_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--seconds", "30", "--inputs", "300", "checkpoint"]) == 0
    stdout = capsys.readouterr().out
    assert "no findings" in stdout
    assert "checkpoint" in stdout
    (tmp_path / "kept").write_bytes(b"network,epoch")
    assert main(["--repeat", str(tmp_path / "kept"), "checkpoint"]) == 0
    assert capsys.readouterr().out == "refused\n"
    with pytest.raises(SystemExit):
        main(["no-such-target"])
