"""The status of a stage: the plan of a call, given the plans of earlier stages. It changes no result.

    python -m pipeline.engine.status --assume throw --assume 'chart --width 20'

make runs this module as a command, unless the project has stages/status.py.
"""

import importlib
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.engine.artifacts import ARTIFACTS, find_artifact
from pipeline.engine.command import Parser, make_parser, run_command
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.plan import Plan, make_plan
from pipeline.engine.provenance import Reason
from pipeline.engine.run import provenance, require_known, resolve, take_snapshot, write_record
from pipeline.engine.stage import Stage
from pipeline.engine.start import find_module


def check_stage(
    stage: Stage[Any],
    arguments: Mapping[str, Any],
    earlier: Mapping[str, Plan],
    force: bool = False,
    options: Sequence[str] | None = None,
) -> Plan:
    """Return the plan for a call of a stage, given the plans of earlier stages, by name.

    options: the command line that the arguments come from, to record in the cache that the stage is up to date. None:
    write no record. Raises PipelineError if the stage cannot run, for example if an argument is not valid.
    """
    snapshot = None if options is None else take_snapshot(stage, arguments, options)
    resolved = resolve(stage, arguments)
    inputs = {name: _digest(name, arguments[name], earlier) for name in stage.inputs}
    expected = provenance(stage, arguments, resolved, inputs)
    plan = make_plan(arguments[stage.output], expected, every=True)
    if force and not plan.is_missing:
        plan = replace(plan, state="stale", reasons=(*plan.reasons, Reason("option", "--force", "given")))
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
    for request in assume:
        try:
            name, *options = shlex.split(request)
        except ValueError:
            raise UsageError(
                f"--assume is {request!r}: name a stage and its options, as in 'throw --sides 20'"
            ) from None
        stage = _load_stage(name)
        try:
            arguments = vars(make_parser(stage).parse_args(options))
            force = arguments.pop("force")
            output = arguments[stage.output]
            if output != ARTIFACTS / name:
                raise UsageError(f"{stage.output} is {output}: let its default be {ARTIFACTS / name}")
            require_known(name, (each for each in stage.inputs if arguments[each] == ARTIFACTS / each), plans)
            plan = plans[name] = check_stage(stage, arguments, plans, force, options if stale else None)
        except PipelineError as error:
            raise type(error)(f"{name}: {error}") from None
        if not stale:
            yield "; ".join([f"{name} is {plan.description}", *map(str, () if plan.is_missing else plan.reasons)])
        elif plan.state != "fresh":
            yield name


def _load_stage(name: str) -> Stage[Any]:
    _, path = find_module(f"stages.{name}")
    found = getattr(importlib.import_module(f"stages.{name}"), name, None)
    if not isinstance(found, Stage):
        raise UsageError(f"{path} has no stage {name}: give a function of this name the decorator @stage()")
    return found


if __name__ == "__main__":
    parser = Parser(
        "python -m pipeline.engine.status", description="Show what a run of stages would do. Change nothing."
    )
    parser.add_argument("--stale", action="store_true", help="Print only the names of stages that are not up to date.")
    parser.add_argument(
        "--assume",
        action="append",
        required=True,
        metavar="'STAGE OPTIONS'",
        help="Show the status as if the stage ran with these options. Give all stages, each after those that it reads.",
    )
    sys.exit(run_command("status", lambda: status(**vars(parser.parse_args()))))
