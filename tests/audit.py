"""Check the locked packages for known vulnerabilities and print the age of the lock files, for `make lint`.

Without a network, or without an advisory service that can be reached, it prints so and exits with status 0.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

LOCKS = (Path("requirements.txt"), Path("requirements-dev.txt"))
PIP_AUDIT = (sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner=off")
OPTIONS = ("--format=json", "--timeout=5", *(f"--requirement={lock}" for lock in LOCKS))
SERVICES = ("pypi", "osv")  # in order of preference
TIMEOUT = 30  # seconds for a service
MAX_AGE = 90  # days


def audit(command: Sequence[str] = PIP_AUDIT, timeout: float = TIMEOUT) -> tuple[list[str], bool]:
    """Run pip-audit; return the lines to print, and False if a package has a known vulnerability."""
    for service in SERVICES:
        line = [*command, *OPTIONS, f"--vulnerability-service={service}"]
        try:  # the exit status does not distinguish vulnerabilities from failures
            output = subprocess.run(line, capture_output=True, timeout=timeout).stdout
            packages = [each for each in json.loads(output)["dependencies"] if "vulns" in each]
        except (subprocess.TimeoutExpired, ValueError):
            continue
        if packages:
            found = [
                f"{each['name']} {each['version']}: {', '.join([flaw['id'], *flaw['aliases']])}; "
                f"fixed in {', '.join(flaw['fix_versions']) or 'no version yet'}"
                for each in packages
                for flaw in each["vulns"]
            ]
            advice = ": try make lock" if found else ""
            return [*found, f"{len(found)} known vulnerabilities in {len(packages)} packages{advice}"], not found
    return ["skipped, no advisory service available"], True


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
