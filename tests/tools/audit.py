"""Check the locked packages for known vulnerabilities and print the age of the lock files, for `make lint`.

Without an advisory service that can be reached, it prints so and exits with status 0.
"""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

LOCKS = sorted(Path().glob("requirements*.txt"))
PIP_AUDIT = (sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner=off")
OPTIONS = ("--format=json", "--timeout=5", *(f"--requirement={lock}" for lock in LOCKS))
TIMEOUT = 30  # seconds for a service


def find_flaws() -> list[str] | None:
    """Return a line for each known vulnerability, or None if no service answers."""
    for service in ("pypi", "osv"):  # the exit status does not distinguish vulnerabilities from failures
        line = [*PIP_AUDIT, *OPTIONS, f"--vulnerability-service={service}"]
        try:
            packages = json.loads(subprocess.run(line, capture_output=True, timeout=TIMEOUT).stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError):
            continue
        if any("vulns" in package for package in packages):  # otherwise all were skipped
            found = [(package, flaw) for package in packages for flaw in package.get("vulns", ())]
            return [f"{package['name']} {package['version']}: {flaw['id']}" for package, flaw in found]
    return None


def main() -> int:
    """Print the vulnerabilities and the ages; return 1 if there is a vulnerability, else 0."""
    flaws = find_flaws()
    lines = ["skipped, no advisory service available"] if flaws is None else flaws or ["no known vulnerabilities"]
    for lock in LOCKS:  # by the date in its head: a clone has other file times
        made = re.findall(r"^# .*make lock, (\d{4}-\d\d-\d\d)$", lock.read_text(encoding="utf-8"), re.MULTILINE)
        lines += [f"{lock} was made on {day}, {(date.today() - date.fromisoformat(day)).days} days ago" for day in made]
    print("\n".join(f"audit: {line}" for line in lines), flush=True)
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main())
