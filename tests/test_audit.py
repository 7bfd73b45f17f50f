"""The audit of `make lint`, with a fake pip-audit."""

import re
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests import audit
from tests.processes import ROOT

SAFE = {"name": "numpy", "version": "2.0.0", "vulns": []}
UNKNOWN = {"name": "letters", "skip_reason": "Dependency not found on PyPI and could not be audited: letters (1.0)"}
FLAW = {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["11.0.1"], "description": "bad"}
VULNERABLE = {"name": "pillow", "version": "11.0.0", "vulns": [FLAW, {**FLAW, "id": "PYSEC-2", "fix_versions": []}]}
UNREACHABLE = "Traceback\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(host='x'): no"


@pytest.fixture
def fake_audit(tmp_path: Path) -> Any:
    """Return a function of the result for each service: packages, an error message, or seconds to sleep."""

    def fake_audit(pypi: Any, osv: Any, collecting: str = "") -> list[str]:
        program = tmp_path / "pip_audit.py"
        program.write_text(
            "import json, sys, time\n"
            f"if '--dry-run' in sys.argv: sys.exit({collecting!r} or 0)\n"
            f"results = {{'pypi': {pypi!r}, 'osv': {osv!r}}}\n"
            "result = next(results[name] for name in results if f'--vulnerability-service={name}' in sys.argv)\n"
            "if isinstance(result, int): time.sleep(result)\n"
            "if isinstance(result, str): sys.exit(result)\n"
            "print(json.dumps({'dependencies': result, 'fixes': []}))\n"
            "sys.exit(any(package.get('vulns') for package in result))\n"
        )
        return [sys.executable, str(program)]

    return fake_audit


def test_no_vulnerabilities_passes(fake_audit: Any) -> None:
    assert audit.audit(command=fake_audit([SAFE, SAFE], "")) == (["no known vulnerabilities in 2 packages"], True)


def test_known_vulnerabilities_are_listed_and_fail(fake_audit: Any) -> None:
    lines, passed = audit.audit(command=fake_audit([SAFE, VULNERABLE, UNKNOWN], ""))
    assert not passed
    assert lines == [
        "pillow 11.0.0: PYSEC-1, CVE-2026-1; fixed in 11.0.1",
        "pillow 11.0.0: PYSEC-2, CVE-2026-1; fixed in no version yet",
        "2 known vulnerabilities in 2 packages; no data about 1 more: try make lock",
    ]


def test_second_service_is_used_if_the_first_fails(fake_audit: Any) -> None:
    expected = (["no known vulnerabilities in 2 packages"], True)
    assert audit.audit(command=fake_audit(UNREACHABLE, [SAFE, SAFE])) == expected
    assert audit.audit(command=fake_audit([UNKNOWN], [SAFE, SAFE])) == expected


def test_unknown_packages_are_not_reported_as_safe(fake_audit: Any) -> None:
    (line,), passed = audit.audit(command=fake_audit([UNKNOWN, UNKNOWN], UNREACHABLE))
    assert passed
    assert line == ("skipped, no advisory service available (pypi: no data about the packages; osv: ConnectionError)")


def test_slow_services_time_out(fake_audit: Any) -> None:
    started = time.monotonic()
    (line,), passed = audit.audit(command=fake_audit(30, 30), timeout=1)
    assert passed
    assert line.endswith("(pypi: timeout; osv: timeout)")
    assert time.monotonic() - started < 10


def test_unreadable_lock_files_fail(fake_audit: Any) -> None:
    result = audit.audit(command=fake_audit([SAFE], "", collecting="ERROR: no hash"))
    assert result == (["pip-audit cannot read the lock files: ERROR: no hash"], False)


@pytest.mark.parametrize("body", ["numpy==2.0.0\n", "numpy>=2 --hash=sha256:00\n", "what is this\n"])
def test_pip_audit_requires_pinned_versions_with_hashes(body: str, tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(body)
    (line,), passed = audit.audit(locks=[tmp_path / "lock"], timeout=30)
    assert not passed
    assert line.startswith("pip-audit cannot read the lock files: ")


def test_pip_audit_reads_our_lock_files() -> None:
    locks = [f"--requirement={ROOT / lock}" for lock in audit.LOCKS]
    assert audit._run([*audit.PIP_AUDIT, *locks, "--dry-run"], time.monotonic() + 60) == (None, "")


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 11, 25), "some.lock is 0 days old"),
        (date(2026, 11, 26), "some.lock is 1 day old"),
        (date(2027, 2, 23), "some.lock is 90 days old"),
        (date(2027, 2, 24), "some.lock is 91 days old: run make lock"),
    ],
)
def test_lock_file_age_comes_from_its_header(today: date, expected: str, tmp_path: Path) -> None:
    (tmp_path / "some.lock").write_text("# This file was made by:\n#    make lock, 2026-11-25\nnumpy==2.0.0\n")
    assert audit.format_age(tmp_path / "some.lock", today) == expected


def test_lock_file_without_date_is_reported(tmp_path: Path) -> None:
    (tmp_path / "some.lock").write_text("numpy==2.0.0\n")
    assert audit.format_age(tmp_path / "some.lock", date(2026, 11, 25)) == "some.lock contains no date: run make lock"


@pytest.mark.parametrize("lock", audit.LOCKS)
def test_our_lock_files_have_dates(lock: Path) -> None:
    assert re.fullmatch(
        rf"{lock.name} is -?\d+ days? old(: run make lock)?", audit.format_age(ROOT / lock, date.today())
    )


@pytest.mark.parametrize("passed", [True, False])
def test_exit_status(passed: bool, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(audit, "audit", lambda: (["report"], passed))
    assert audit.main() == (0 if passed else 1)
    line, *ages = capsys.readouterr().out.splitlines()
    assert line == "audit: report"
    assert [" old" in age for age in ages] == [True] * len(audit.LOCKS)
