"""What `make lint` says of the packages, by a pip-audit that is played."""

import re
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests import audit
from tests.processes import ROOT

SOUND = {"name": "numpy", "version": "2.0.0", "vulns": []}
UNKNOWN = {"name": "letters", "skip_reason": "Dependency not found on PyPI and could not be audited: letters (1.0)"}
FLAW = {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["11.0.1"], "description": "bad"}
VULNERABLE = {"name": "pillow", "version": "11.0.0", "vulns": [FLAW, {**FLAW, "id": "PYSEC-2", "fix_versions": []}]}
UNREACHED = "Traceback\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(host='x'): no"


@pytest.fixture
def play(tmp_path: Path) -> Any:
    """Makes a pip-audit that answers for each service with packages, or fails with those words on stderr."""

    def play(pypi: Any, osv: Any, collecting: str = "") -> list[str]:
        program = tmp_path / "pip_audit.py"
        program.write_text(
            "import json, sys, time\n"
            f"if '--dry-run' in sys.argv: sys.exit({collecting!r} or 0)\n"
            f"answers = {{'pypi': {pypi!r}, 'osv': {osv!r}}}\n"
            "answer = next(answers[name] for name in answers if f'--vulnerability-service={name}' in sys.argv)\n"
            "if isinstance(answer, int): time.sleep(answer)\n"
            "if isinstance(answer, str): sys.exit(answer)\n"
            "print(json.dumps({'dependencies': answer, 'fixes': []}))\n"
            "sys.exit(any(package.get('vulns') for package in answer))\n"
        )
        return [sys.executable, str(program)]

    return play


def test_nothing_known_is_well(play: Any) -> None:
    assert audit.audit(command=play([SOUND, SOUND], "")) == (["no known vulnerabilities in 2 packages"], True)


def test_what_is_known_is_told_and_fails(play: Any) -> None:
    lines, well = audit.audit(command=play([SOUND, VULNERABLE, UNKNOWN], ""))
    assert not well
    assert lines == [
        "pillow 11.0.0: PYSEC-1, CVE-2026-1; mended in 11.0.1",
        "pillow 11.0.0: PYSEC-2, CVE-2026-1; mended in no version yet",
        "2 known vulnerabilities in 2 packages; 1 more cannot be looked up: make lock may help",
    ]


def test_where_one_service_does_not_answer_the_other_is_asked(play: Any) -> None:
    said = (["no known vulnerabilities in 2 packages"], True)
    assert audit.audit(command=play(UNREACHED, [SOUND, SOUND])) == said
    assert audit.audit(command=play([UNKNOWN], [SOUND, SOUND])) == said


def test_a_service_that_knows_nothing_is_not_taken_for_a_good_word(play: Any) -> None:
    (line,), well = audit.audit(command=play([UNKNOWN, UNKNOWN], UNREACHED))
    assert well
    assert line == (
        "not done, since no service with advisories answers (pypi does not know the packages; osv: ConnectionError)"
    )


def test_a_service_that_hangs_is_not_waited_for(play: Any) -> None:
    started = time.monotonic()
    (line,), well = audit.audit(command=play(30, 30), patience=1)
    assert well
    assert line.endswith("(pypi: no answer in time; osv: no answer in time)")
    assert time.monotonic() - started < 10


def test_lock_files_that_cannot_be_read_fail(play: Any) -> None:
    said = audit.audit(command=play([SOUND], "", collecting="ERROR: no hash"))
    assert said == (["pip-audit cannot read the lock files: ERROR: no hash"], False)


@pytest.mark.parametrize("body", ["numpy==2.0.0\n", "numpy>=2 --hash=sha256:00\n", "what is this\n"])
def test_the_real_pip_audit_wants_every_version_pinned_with_its_hash(body: str, tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(body)
    (line,), well = audit.audit(locks=[tmp_path / "lock"], patience=30)
    assert not well
    assert line.startswith("pip-audit cannot read the lock files: ")


def test_the_real_pip_audit_reads_ours() -> None:
    locks = [f"--requirement={ROOT / lock}" for lock in audit.LOCKS]
    assert audit._run([*audit.PIP_AUDIT, *locks, "--dry-run"], time.monotonic() + 60) == (None, "")


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 11, 25), "some.lock is 0 days old"),
        (date(2026, 11, 26), "some.lock is 1 day old"),
        (date(2027, 2, 23), "some.lock is 90 days old"),
        (date(2027, 2, 24), "some.lock is 91 days old: make lock"),
    ],
)
def test_the_age_of_a_lock_file_is_in_its_head(today: date, said: str, tmp_path: Path) -> None:
    (tmp_path / "some.lock").write_text("# This file was made by:\n#    make lock, 2026-11-25\nnumpy==2.0.0\n")
    assert audit.tell_age(tmp_path / "some.lock", today) == said


def test_a_lock_file_without_a_date_is_named(tmp_path: Path) -> None:
    (tmp_path / "some.lock").write_text("numpy==2.0.0\n")
    assert (
        audit.tell_age(tmp_path / "some.lock", date(2026, 11, 25)) == "some.lock does not tell how old it is: make lock"
    )


@pytest.mark.parametrize("lock", audit.LOCKS)
def test_ours_tell_their_age(lock: Path) -> None:
    assert re.fullmatch(rf"{lock.name} is -?\d+ days? old(: make lock)?", audit.tell_age(ROOT / lock, date.today()))


@pytest.mark.parametrize("well", [True, False])
def test_the_exit_status_is_what_make_sees(well: bool, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(audit, "audit", lambda: (["said"], well))
    assert audit.main() == (0 if well else 1)
    said, *ages = capsys.readouterr().out.splitlines()
    assert said == "audit: said"
    assert [" old" in age for age in ages] == [True] * len(audit.LOCKS)
