"""Say what is up to date and what is not, and why."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from stages.cli.console import read_arguments, run_module
from stages.cli.terminal import Colour, paint, printable
from stages.cli.terminal import as_json as to_json

if TYPE_CHECKING:
    from pipeline.engine.status import Run, StageStatus

SAYING = {"fresh": "up to date", "stored": "in the store", "waiting": "waiting", "stale": "stale"}
COLOUR: dict[str, Colour] = {"fresh": "green", "stored": "cyan", "waiting": "yellow", "stale": "yellow"}


def status(
    explain: Annotated[bool, Option("--explain", help="Every reason, not only the first.")] = False,
    runs: Annotated[bool, Option("--runs", help="The results in the store too, side by side.")] = False,
    as_json: Annotated[bool, Option("--json", help="All of it, as one JSON object.")] = False,
    stale: Annotated[bool, Option("--stale", help="Only the names of those that are not up to date.")] = False,
    assume: Annotated[
        list[str] | None,
        Option(metavar="'STAGE OPTIONS'", help="Look at a stage as if it were called so: 'train --epochs 3'."),
    ] = None,
) -> str:
    """Say which stages are up to date and which are not, and why. Changes nothing.

    *stale*: it will run. *in the store*: an earlier result is wanted again and will be restored. *waiting*: its input
    will be made anew; it will run if that comes out differently. This is about the pipeline as declared: the defaults,
    and what pyproject.toml has in their place. `make status` assumes the variables that make is given. With *--stale*
    and *--assume*, only the assumed stages are examined, and those that are up to date are noted for `make`.

    Examples:
        handwriting status --explain
        handwriting status --runs
        handwriting status --assume 'train --epochs 3'
    """
    from pipeline.engine import notes
    from pipeline.engine.errors import UsageError
    from pipeline.engine.stage import observe
    from pipeline.engine.status import Run, StageStatus, check_stage, list_runs
    from stages.cli.order import STAGES

    try:
        assumed = {words[0]: words[1:] for words in map(shlex.split, assume or []) if words}
    except ValueError as error:
        raise UsageError(f"{error} in --assume") from None
    names = [stage.name for stage in STAGES]
    for name in assumed:
        if name not in names:
            raise UsageError(f"there is no stage '{name}': choose one of {', '.join(names)}")
    statuses: dict[str, StageStatus] = {}
    stored: dict[str, list[Run]] = {}
    for stage in STAGES:
        if stale and assumed and stage.name not in assumed:
            continue
        options = assumed.get(stage.name, [])
        arguments = read_arguments(stage, options)
        seen = observe(stage, arguments, options) if stale else None
        status = check_stage(stage, arguments, statuses)
        if stale and status.state == "fresh" and status.manifest:
            notes.write(status.output, seen, status.manifest)
        statuses[stage.name] = status
        stored[stage.name] = list_runs(status.output, stage.name) if runs or as_json else []
    if stale:
        return "\n".join(name for name, status in statuses.items() if status.state != "fresh")
    if as_json:
        facts = {name: _facts(status, stored[name]) for name, status in statuses.items()}
        return to_json(facts, indent=2)
    return "\n".join(line for name in names for line in _tell(statuses[name], stored[name], explain))


def _tell(status: "StageStatus", runs: "Sequence[Run]", explain: bool) -> Iterator[str]:
    manifest, reasons = status.manifest, status.reasons
    if explain or not reasons:
        about = f"made on {manifest.when}: {manifest.summary}" if manifest else "nothing there yet"
    else:
        more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        about = f"{reasons[0]}{more}"
    state = paint(f"{SAYING[status.state]:<13}", COLOUR[status.state], sys.stdout)
    yield f"{status.stage:<10} {state} {printable(about)}"
    if explain:
        yield from (f"{'':<10} {'':<13} because of {printable(str(reason))}" for reason in reasons)
    for run in runs:
        mark = "->" if run.published else "  "
        told = "".join(f"{name} {value}, " for name, value in _differing(run, runs).items())
        said = printable(f"{told}{run.manifest.summary}")
        yield f"{mark:>10} {run.manifest.when}, {run.manifest.seconds:.1f} s: {said}"


def _differing(run: "Run", runs: "Sequence[Run]") -> dict[str, Any]:
    """Those of a run's parameters and inputs in which the runs differ."""
    own, *others = (_deciding(each) for each in (run, *runs))
    return {name: value for name, value in own.items() if any(other.get(name) != value for other in others)}


def _deciding(run: "Run") -> dict[str, Any]:
    provenance = run.manifest.provenance
    inputs = {name: (digest or "")[:6] for name, digest in provenance.inputs.items()}
    return {**provenance.parameters, **inputs}


def _facts(status: "StageStatus", runs: "Sequence[Run]") -> dict[str, Any]:
    return {
        "state": status.state,
        "output": str(status.output),
        "reasons": [asdict(reason) for reason in status.reasons],
        "runs": [
            {
                "published": run.published,
                "made": run.manifest.made,
                "seconds": run.manifest.seconds,
                "summary": run.manifest.summary,
                "parameters": run.manifest.provenance.parameters,
            }
            for run in runs
        ],
    }


if __name__ == "__main__":
    run_module(status)
