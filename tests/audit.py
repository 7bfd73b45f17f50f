"""Check the locked packages for known vulnerabilities and print the age of the lock files, for `make lint`.

Without a network, or without an advisory service that can be reached, it prints so and exits with status 0.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

LOCKS = (Path("requirements.txt"), Path("requirements-dev.txt"))
PIP_AUDIT = (sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner=off")
SERVICES = ("pypi", "osv")  # in order of preference
REQUEST_TIMEOUT = 5  # seconds
TIMEOUT = 60  # seconds in total
MAX_AGE = 90  # days


def audit(
    locks: Sequence[Path] = LOCKS, command: Sequence[str] = PIP_AUDIT, timeout: float = TIMEOUT
) -> tuple[list[str], bool]:
    """Run pip-audit; return the lines to print, and False if a package is vulnerable or a lock file is not valid."""
    end = time.monotonic() + timeout
    command = [*command, *(f"--requirement={lock}" for lock in locks)]
    _, error = _run([*command, "--dry-run"], end)
    if error:
        return [f"pip-audit cannot read the lock files: {error}"], False
    reasons = []
    for service in SERVICES:
        options = ["--format=json", f"--timeout={REQUEST_TIMEOUT}", f"--vulnerability-service={service}"]
        content, error = _run([*command, *options], end)
        if content is None:
            reasons.append(f"{service}: {error}")
            continue
        known = [package for package in content["dependencies"] if "skip_reason" not in package]
        if known:
            return _report(known, len(content["dependencies"]) - len(known))
        reasons.append(f"{service}: no data about the packages")
    return [f"skipped, no advisory service available ({'; '.join(reasons)})"], True


def _report(known: Sequence[Any], unknown: int) -> tuple[list[str], bool]:
    others = f"; no data about {unknown} more" if unknown else ""
    found = [(package, advisory) for package in known for advisory in package["vulns"]]
    if not found:
        return [f"no known vulnerabilities in {len(known)} packages{others}"], True
    lines = [
        f"{package['name']} {package['version']}: {', '.join([advisory['id'], *advisory['aliases']])}; "
        f"fixed in {', '.join(advisory['fix_versions']) or 'no version yet'}"
        for package, advisory in found
    ]
    return [*lines, f"{len(found)} known vulnerabilities in {len(known)} packages{others}: try make lock"], False


def _run(command: Sequence[str], end: float) -> tuple[Any, str]:
    """Return pip-audit's JSON document, or None and the error."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=max(end - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return None, "timeout"
    if "--dry-run" in command and result.returncode == 0:
        return None, ""
    try:
        return json.loads(result.stdout), ""  # the exit status does not distinguish vulnerabilities from failures
    except ValueError:
        *_, last = ["no output", *filter(None, map(str.strip, result.stderr.splitlines()))]
        return None, re.sub(r"^(\w+\.)+(\w+): .*", r"\2", last)  # of an exception, only the class name


def format_age(lock: Path, today: date) -> str:
    """Return the age of a lock file as text, by the date in its head: a clone has other file times."""
    dated = re.search(r"^# .*make lock, (\d{4}-\d\d-\d\d)$", lock.read_text(encoding="utf-8"), re.MULTILINE)
    if not dated:
        return f"{lock.name} contains no date: run make lock"
    days = (today - date.fromisoformat(dated[1])).days
    return f"{lock.name} is {days} day{'' if days == 1 else 's'} old{': run make lock' if days > MAX_AGE else ''}"


def main() -> int:
    """Print the audit and the ages; return 1 if the audit failed, else 0."""
    lines, passed = audit()
    today = datetime.now(UTC).date()
    for line in [*lines, *(format_age(lock, today) for lock in LOCKS)]:
        print(f"audit: {line}", flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
