"""The status of a stage: the plan of a call, given the plans of earlier stages. It changes no result."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.engine.artifacts import find_artifact
from pipeline.engine.plan import Plan, make_plan
from pipeline.engine.stage import Stage, digest_files, provenance, resolve, take_snapshot, write_record


def check_stage(
    stage: Stage[Any],
    arguments: Mapping[str, Any],
    earlier: Mapping[str, Plan],
    options: Sequence[str] | None = None,
) -> Plan:
    """Return the plan for a stage with these arguments, given the plans of earlier stages, by name.

    options: the command line that the arguments come from, to record in the cache that the stage is up to date. None:
    write no record. Raises PipelineError if the stage cannot run, for example if an argument is not valid.
    """
    snapshot = None if options is None else take_snapshot(stage, arguments, options)
    resolved = resolve(stage, arguments)
    inputs = {name: _digest(name, arguments[name], earlier) for name in stage.inputs}
    expected = provenance(stage, resolved, inputs | digest_files(stage, arguments))
    plan = make_plan(arguments[stage.output], expected, every=True)
    if options is not None and plan.state == "fresh" and plan.manifest:
        write_record(plan.output, plan.manifest, snapshot)
    is_waiting = plan.state == "stale" and all(
        reason.kind == "input" and inputs.get(reason.name, "") is None for reason in plan.reasons
    )
    return replace(plan, state="waiting") if is_waiting else plan


def _digest(name: str, folder: Path, earlier: Mapping[str, Plan]) -> str | None:
    """Return the digest of an input, as it will be after a pending run if `earlier` has the plan of its stage."""
    if name in earlier and earlier[name].output == folder:
        return earlier[name].digest
    return find_artifact(folder, name).digest
