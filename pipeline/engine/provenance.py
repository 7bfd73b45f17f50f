"""Provenance: everything that a result depends on, and its key."""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.engine.errors import UsageError

DIGEST = re.compile("[0-9a-f]{8,64}")
NOT_INSTALLED = "not installed"  # in place of a version
SHOWN_ENTRIES = 3  # most entries of a mapping of which a reason names each


@dataclass(frozen=True)
class Provenance:
    """Everything that a result depends on. Equal provenances are assumed to give equal results.

    inputs: the digest of each `Input`, None if it is not known yet, and of each `File`. code: the digest of each file
    of code. environment: the versions of packages.
    """

    stage: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str | None]
    code: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def key(self) -> str:
        """The sha256 of the provenance."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Reason:
    """A reason why a stage is not up to date.

    kind: parameter, input, code (a module), file, environment, stage, output, manifest, result or stored result.
    """

    kind: str
    name: str
    change: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.change}"


def differences(old: Provenance, new: Provenance) -> list[Reason]:
    """Return the differences between two provenances of a stage: an empty list if and only if the keys are equal.

    The digests of modules are left out if the version of Python differs, because they always differ then.
    """
    files = [
        Reason("code" if name.endswith(".py") else "file", name, change)
        for name, change in _changes(old.code, new.code)
    ]
    other_python = old.environment.get("python") != new.environment.get("python")
    return [
        *(Reason("parameter", *change) for change in _changes(old.parameters, new.parameters, show_values=True)),
        *(Reason("input", *change) for change in _changes(old.inputs, new.inputs)),
        *(reason for reason in files if not (other_python and reason.kind == "code")),
        *(Reason("environment", *change) for change in _changes(old.environment, new.environment, show_values=True)),
    ]


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], show_values: bool = False) -> Iterable[tuple[str, str]]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield name, f"new, {format_value(new[name])}" if show_values and not _is_opaque(new[name]) else "new"
        elif name not in new:
            yield name, f"gone, was {format_value(old[name])}" if show_values and not _is_opaque(old[name]) else "gone"
        elif json.dumps(old[name], sort_keys=True) != json.dumps(new[name], sort_keys=True):
            changed = "changed" if new[name] is not None else "will be made again"
            yield name, _format_change(old[name], new[name]) if show_values else changed


def _format_change(old: Any, new: Any) -> str:
    """Return a change in words: "changed" for digests, entries or their number for mappings, else both values."""
    if not isinstance(new, dict):
        return "changed" if _is_opaque(old) and _is_opaque(new) else f"{format_value(old)} -> {format_value(new)}"
    old = old if isinstance(old, dict) else {}
    changed = {
        name: _format_change(old[name], new[name]) for name in sorted(old.keys() & new) if old[name] != new[name]
    }
    counts = {"new": len(new.keys() - old.keys()), "gone": len(old.keys() - new.keys()), "changed": len(changed)}
    if sum(counts.values()) == len(changed) <= SHOWN_ENTRIES and not any(map(DIGEST.fullmatch, changed)):
        # A count says more than the digest beside it.
        told = {name: change for name, change in changed.items() if change != "changed"} or changed
        return ", ".join(f"{name} {change}" for name, change in told.items())
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _is_opaque(value: Any) -> bool:
    """Return whether a value says nothing to a reader: it is a digest, or a mapping, which is long."""
    return isinstance(value, dict) or (isinstance(value, str) and DIGEST.fullmatch(value) is not None)


def format_value(value: Any) -> str:
    """Return a parameter as text: a string unchanged unless it is empty, other values as JSON."""
    return value if value and isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def to_json_values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the parameters to values that JSON can represent; others become strings.

    Raises UsageError for text that is not UTF-8, which cannot be written into a manifest.
    """
    values = dict(json.loads(json.dumps(parameters, default=str), parse_constant=str))
    for name, value in values.items():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise UsageError(f"{name} is not text in UTF-8: {value!r}: write it in UTF-8") from None
    return values


def package_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python (major and minor) and of the `packages`."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = NOT_INSTALLED
    return versions
