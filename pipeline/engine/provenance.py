"""What decides a result, written down, so that whether the result is still good is a comparison and not a guess."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Provenance:
    """Results of equal provenances are taken for the same.

    parameters: of the stage, as JSON can hold them. inputs: for each input the digest of its content, None if it is
    still to be made. code: for each module its fingerprint. environment: versions of what computes.
    """

    stage: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str | None]
    code: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def key(self) -> str:
        """One sha256 for all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Reason:
    """One cause for a stage to work. kind: parameter, input, code, environment; output, manifest, result; request."""

    kind: str
    name: str
    change: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.change}"


def differences(old: Provenance, new: Provenance) -> list[Reason]:
    """All that differs, each by name; nothing exactly if the keys are equal, for provenances of one stage."""
    return [
        *(Reason("parameter", *change) for change in _changes(old.parameters, new.parameters, told=True)),
        *(Reason("input", *change) for change in _changes(old.inputs, new.inputs)),
        *(Reason("code", *change) for change in _changes(old.code, new.code)),
        *(Reason("environment", *change) for change in _changes(old.environment, new.environment, told=True)),
    ]


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], told: bool = False) -> Iterable[tuple[str, str]]:
    """For each name that differs, how; told: with the values, which are digests otherwise."""
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield name, f"new, {_spell(new[name])}" if told else "new"
        elif name not in new:
            yield name, f"gone, was {_spell(old[name])}" if told else "gone"
        elif json.dumps(old[name], sort_keys=True) != json.dumps(new[name], sort_keys=True):
            changed = "changed" if new[name] is not None else "will be made anew"
            yield name, f"{_spell(old[name])} -> {_spell(new[name])}" if told else changed


def _spell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as JSON can hold them; what it cannot hold becomes text."""
    return dict(json.loads(json.dumps(parameters, default=str), parse_constant=str))


def environment(packages: Iterable[str]) -> dict[str, str]:
    """The version of Python, less its last part, and those of the installed `packages`."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
