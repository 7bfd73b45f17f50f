"""The status of a stage: the plan of a call, given the plans of earlier stages. It changes no result.

    python -m pipeline.engine.status --assume throw --assume 'chart --width 20'

As a command, this module prints the state of the given stages, in order, as if they ran with these options. With
`--stale`, it prints the names of those that are not up to date. make runs it, unless the project has stages/status.py.
"""

import argparse
import importlib
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.engine.artifacts import ARTIFACTS, find_artifact
from pipeline.engine.command import make_parser, run_command
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.plan import Plan, make_plan
from pipeline.engine.stage import (
    Stage,
    digest_files,
    provenance,
    require_known,
    resolve,
    take_snapshot,
    write_record,
)
from pipeline.engine.start import find_module


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


def status(stale: bool, assume: Sequence[str]) -> Iterator[str]:
    """Yield the state of each stage in `assume`; with `stale`, the names of those that are not up to date."""
    plans: dict[str, Plan] = {}
    for name, *options in map(shlex.split, assume):
        stage = _load_stage(name)
        try:
            arguments = vars(make_parser(stage).parse_args(options))
            output = arguments[stage.output]
            if output != ARTIFACTS / name:
                raise UsageError(f"{stage.output} is {output}: let its default be {ARTIFACTS / name}")
            require_known(name, (each for each in stage.inputs if arguments[each] == ARTIFACTS / each), plans)
            plan = plans[name] = check_stage(stage, arguments, plans, options if stale else None)
        except PipelineError as error:
            raise type(error)(f"{name}: {error}") from None
        if not stale:
            yield "; ".join([f"{name} is {plan.state}", *map(str, plan.reasons)])
        elif plan.state != "fresh":
            yield name


def _load_stage(name: str) -> Stage[Any]:
    _, path = find_module(f"stages.{name}")
    found = getattr(importlib.import_module(f"stages.{name}"), name, None)
    if not isinstance(found, Stage):
        raise UsageError(f"{path} has no stage {name}: give a function of this name the decorator @stage()")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stale", action="store_true")
    parser.add_argument("--assume", action="append", default=[])
    sys.exit(run_command("status", lambda: status(**vars(parser.parse_args()))))
