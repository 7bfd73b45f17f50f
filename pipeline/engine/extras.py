"""Extras: packages that a part of a project needs beyond those that are always installed (`pip install '.[NAME]'`)."""

import re
import sys
from importlib.util import find_spec

from pipeline.engine.errors import UsageError

IN_NO_KEY = "the versions of the packages are in the key"
REQUIREMENT = re.compile(r"""([\w.-]+)>=([\d.]+) *; *extra == ["'](.+)["']""")


class MissingExtraError(UsageError, ImportError):
    """Packages of an extra are missing, too old, or removed in part."""


def require(project: str, extra: str) -> None:
    """Raise MissingExtraError, which says what to do, unless the packages of an extra of a project are installed."""
    if lacking := find_lacking(project, extra):
        raise MissingExtraError(f"this needs the extra {extra}: install it by {lacking}")


def find_lacking(project: str, extra: str) -> str:
    """Return the command that installs those packages of an extra of a project that are missing or too old, if any."""
    from importlib.metadata import PackageNotFoundError, requires, version  # slow to import

    try:
        requirements = requires(project) or []
    except PackageNotFoundError:  # the project itself is not installed
        return ""
    wanted = [match.groups() for match in map(REQUIREMENT.fullmatch, requirements) if match and match[3] == extra]

    def is_lacking(package: str, lowest: str) -> bool:
        try:
            return find_spec(package) is None or _numbers(version(package)) < _numbers(lowest)
        except PackageNotFoundError:  # only its files are left
            return True

    lacking = " ".join(f"'{package}>={lowest}'" for package, lowest, _ in wanted if is_lacking(package, lowest))
    return f"{sys.executable} -m pip install {lacking}" if lacking else ""


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])]
