"""Plan a call of a stage: do nothing, restore a result, or run. `run` carries it out; make and `status` show it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pipeline.engine import store
from pipeline.engine.artifacts import Manifest, check_result, find_artifact
from pipeline.engine.declaration import Declaration
from pipeline.engine.digests import sha256
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.fingerprint import fingerprint
from pipeline.engine.provenance import NOT_INSTALLED, Provenance, Reason, package_versions, to_json_values

State = Literal["current", "stored", "waiting", "stale"]
STATES = {"current": "up to date", "stored": "in the store", "waiting": "waiting", "stale": "stale"}
NOT_MADE = "not made yet"  # in place of "stale" for a stage without a result


@dataclass(frozen=True)
class Plan:
    """The plan for a call of a stage.

    expected: the provenance of its result. state: `current` if the result is up to date, so that the call does nothing;
    `stored` if the call restores it from the store; `stale` if the stage runs; `waiting` if this depends on the output
    of an earlier stage that will run. reasons: why the result is not up to date. manifest: the manifest of the stored
    result if there is one, otherwise of the published result.
    """

    output: Path
    expected: Provenance
    state: State
    reasons: tuple[Reason, ...]
    manifest: Manifest | None

    @property
    def digest(self) -> str | None:
        """The digest of the result, or None if the stage must run first."""
        return self.manifest.digest if self.manifest and self.state in ("current", "stored") else None

    @property
    def description(self) -> str:
        """The state in words."""
        return NOT_MADE if self.is_missing else STATES[self.state]

    @property
    def is_missing(self) -> bool:
        """Whether the only reason is that there is no result, neither published nor in the store."""
        return self.state == "stale" and [reason.kind for reason in self.reasons] == ["result"]


def plan_call(stage: Declaration[Any], arguments: Mapping[str, Any], earlier: Mapping[str, Plan]) -> Plan:
    """Return the plan for a call of a stage with all of its arguments, given the plans of earlier stages, by name.

    Raises PipelineError if the stage cannot run, for example if an argument is not valid.
    """

    def digest(name: str) -> str | None:
        if name in earlier and earlier[name].output == arguments[name]:
            return earlier[name].digest
        return find_artifact(arguments[name], name).digest

    inputs = {name: digest(name) for name in stage.inputs}
    plan = make_plan(stage, arguments, inputs)
    is_waiting = plan.state == "stale" and all(
        reason.kind == "input" and inputs.get(reason.name, "") is None for reason in plan.reasons
    )
    return replace(plan, state="waiting") if is_waiting else plan


def resolve_parameters(stage: Declaration[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are part of the key, with their resolved values."""
    return dict(stage.resolve({name: arguments[name] for name in stage.parameters}))


def find_provenance(
    stage: Declaration[Any], arguments: Mapping[str, Any], inputs: Mapping[str, str | None]
) -> Provenance:
    """Return the current provenance, given the digests of the inputs.

    Raises what `resolve` raises, UsageError if a `File` cannot be read, PipelineError if a package is not installed.
    """
    resolved, digests = resolve_parameters(stage, arguments), dict(inputs)
    for name in stage.files:
        if not arguments[name].is_file():
            raise UsageError(f"{name} is {arguments[name]}, which is not a file that can be read: name another")
        digests[name] = sha256(arguments[name])
    found = fingerprint(stage.function, stage.extra_files, stage.modules(resolved))
    versions = package_versions(stage.packages)
    if missing := [package for package in stage.packages if versions[package] == NOT_INSTALLED]:
        raise PipelineError(
            f"{missing[0]}, in packages of the stage {stage.name}, is not installed: install it, or leave it out. The "
            "name is that which pip knows, and is not needed for a package that the code imports"
        )
    return Provenance(stage.name, to_json_values(resolved), digests, found.code, found.versions | versions)


def make_plan(
    stage: Declaration[Any], arguments: Mapping[str, Any], inputs: Mapping[str, str | None], force: bool = False
) -> Plan:
    """Return the plan for a call with these digests of the inputs. force: run in any case.

    Raises what `find_provenance` raises, UsageError if something else is at the output.
    """
    output, expected = arguments[stage.output], find_provenance(stage, arguments, inputs)
    manifest, reasons = check_result(output, expected)
    if manifest and not reasons and not force:
        return Plan(output, expected, "current", (), manifest)
    store.check_output(output, expected.stage)
    entry = store.entry_of(output, expected.stage, expected.key)
    if not force and entry.exists() and entry != store.entry_at(output):
        stored, damage = check_result(entry, expected)
        if stored and not damage:
            return Plan(output, expected, "stored", tuple(reasons), stored)
        reasons += [Reason("stored result", reason.name, reason.change) for reason in damage]
    return Plan(output, expected, "stale", tuple(reasons), manifest)
