"""The audit of `make lint`, with a fake pip-audit."""

import re
import sys
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
FOUND = [
    "pillow 11.0.0: PYSEC-1, CVE-2026-1; fixed in 11.0.1",
    "pillow 11.0.0: PYSEC-2, CVE-2026-1; fixed in no version yet",
    "2 known vulnerabilities in 2 packages: try make lock",
]
NOTHING = ["0 known vulnerabilities in 2 packages"]


@pytest.mark.parametrize(
    ("pypi", "osv", "expected"),
    [
        ([SAFE, SAFE], "", (NOTHING, True)),
        ([SAFE, VULNERABLE, UNKNOWN], "", (FOUND, False)),
        ("unreachable", [SAFE, SAFE], (NOTHING, True)),
        ([UNKNOWN], [SAFE, SAFE], (NOTHING, True)),
        (30, "unreachable", (["skipped, no advisory service available"], True)),
    ],
    ids=["safe", "vulnerable", "first service fails", "first has no data", "slow and unreachable"],
)
def test_report(pypi: Any, osv: Any, expected: tuple[list[str], bool], tmp_path: Path) -> None:
    """The result of each service: packages, an error message, or seconds to sleep."""
    program = tmp_path / "pip_audit.py"
    program.write_text(
        f"import json, sys, time\nresults = {{'pypi': {pypi!r}, 'osv': {osv!r}}}\n"
        "result = next(results[name] for name in results if f'--vulnerability-service={name}' in sys.argv)\n"
        "if isinstance(result, int): time.sleep(result)\n"
        "if isinstance(result, str): sys.exit(result)\n"
        "print(json.dumps({'dependencies': result, 'fixes': []}))\n"
    )
    assert audit.audit([sys.executable, str(program)], 1 if pypi == 30 else audit.TIMEOUT) == expected


@pytest.mark.parametrize(
    ("today", "age"),
    [
        *((date(2026, 11, 25), "is 0 days old"), (date(2026, 11, 26), "is 1 day old")),
        *((date(2027, 2, 23), "is 90 days old"), (date(2027, 2, 24), "is 91 days old: run make lock")),
    ],
)
def test_lock_file_age_comes_from_its_header(today: date, age: str, tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("# This file was made by:\n#    make lock, 2026-11-25\nnumpy==2.0.0\n")
    assert audit.format_age(lock, today) == f"some.lock {age}"
    lock.write_text("numpy==2.0.0\n")
    assert audit.format_age(lock, today) == "some.lock contains no date: run make lock"


@pytest.mark.parametrize("passed", [True, False])
def test_exit_status(passed: bool, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(audit, "audit", lambda: (["report"], passed))
    assert audit.main() == (0 if passed else 1)
    line, *ages = capsys.readouterr().out.splitlines()
    assert line == "audit: report"
    assert [bool(re.search(r"txt is -?\d+ days? old", age)) for age in ages] == [True] * len(audit.LOCKS)
