"""Whether a version that the lock files pin is known to be vulnerable, and how old the lock files are: for `make lint`.

Whoever has no network, or none that leads to a service with advisories, is told so and may go on.
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
SERVICES = ("pypi", "osv")  # of which the first that can be reached, and knows the packages, has the word
ANSWER = 5  # seconds for one answer of a service
PATIENCE = 60  # seconds for all of them
OLD = 90  # days


def audit(
    locks: Sequence[Path] = LOCKS, command: Sequence[str] = PIP_AUDIT, patience: float = PATIENCE
) -> tuple[list[str], bool]:
    """What there is to say of the packages that are pinned, and whether all is well, as far as is known.

    command: pip-audit, with the options that are always given.
    """
    end = time.monotonic() + patience
    command = [*command, *(f"--requirement={lock}" for lock in locks)]
    _, error = _run([*command, "--dry-run"], end)
    if error:
        return [f"pip-audit cannot read the lock files: {error}"], False
    reasons = []
    for service in SERVICES:
        content, error = _run(
            [*command, "--format=json", f"--timeout={ANSWER}", f"--vulnerability-service={service}"], end
        )
        if content is None:
            reasons.append(f"{service}: {error}")
            continue
        known = [package for package in content["dependencies"] if "skip_reason" not in package]
        if known:
            return _tell(known, len(content["dependencies"]) - len(known))
        reasons.append(f"{service} does not know the packages")
    return [f"not done, since no service with advisories answers ({'; '.join(reasons)})"], True


def _tell(known: Sequence[Any], unknown: int) -> tuple[list[str], bool]:
    others = f"; {unknown} more cannot be looked up" if unknown else ""
    found = [(package, flaw) for package in known for flaw in package["vulns"]]
    if not found:
        return [f"no known vulnerabilities in {len(known)} packages{others}"], True
    lines = [
        f"{package['name']} {package['version']}: {', '.join([flaw['id'], *flaw['aliases']])}; "
        f"mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for package, flaw in found
    ]
    return [*lines, f"{len(found)} known vulnerabilities in {len(known)} packages{others}: make lock may help"], False


def _run(command: Sequence[str], end: float) -> tuple[Any, str]:
    """What pip-audit has found, or None and why it could not look."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=max(end - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return None, "no answer in time"
    if "--dry-run" in command and result.returncode == 0:
        return None, ""
    try:
        return json.loads(result.stdout), ""  # found something or not; it has no status of its own for failures
    except ValueError:
        *_, last = ["it says nothing", *filter(None, map(str.strip, result.stderr.splitlines()))]
        return None, re.sub(r"^(\w+\.)+(\w+): .*", r"\2", last)  # of an exception the name


def tell_age(lock: Path, today: date) -> str:
    """How old the lock file is, by the date that `make lock` has written into its head: a clone has other times."""
    dated = re.search(r"^# .*make lock, (\d{4}-\d\d-\d\d)$", lock.read_text(encoding="utf-8"), re.MULTILINE)
    if not dated:
        return f"{lock.name} does not tell how old it is: make lock"
    days = (today - date.fromisoformat(dated[1])).days
    return f"{lock.name} is {days} day{'' if days == 1 else 's'} old{': make lock' if days > OLD else ''}"


def main() -> int:
    """Print all of it. The exit status is 1 if something is known to be vulnerable, or cannot be read."""
    lines, well = audit()
    today = datetime.now(UTC).date()
    for line in [*lines, *(tell_age(lock, today) for lock in LOCKS)]:
        print(f"audit: {line}", flush=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
