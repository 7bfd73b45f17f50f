"""Show which stages are up to date."""

import inspect
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from stages.cli.console import parse_arguments, run_module
from stages.cli.terminal import COLUMNS, Colour, paint, printable, to_json

if TYPE_CHECKING:
    from pipeline.engine.stage import Stage
    from pipeline.engine.status import Run, StageStatus

STATE_TEXT = {"fresh": "up to date", "stored": "in the store", "waiting": "waiting", "stale": "stale"}
STATE_COLOUR: dict[str, Colour] = {"fresh": "green", "stored": "cyan", "waiting": "yellow", "stale": "yellow"}
NOT_MADE = "not made yet"  # the text of `stale` for a stage without a result
INDENT, NARROW_INDENT = 25, 8  # columns before the text: of the name and the state; below them on a narrow terminal
MIN_TEXT = 20  # columns


def status(
    explain: Annotated[bool, Option("--explain", help="Show every reason, not only the first.")] = False,
    runs: Annotated[bool, Option("--runs", help="Also list the results in the store.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print everything as one JSON object.")] = False,
    stale: Annotated[bool, Option("--stale", help="Print only the names of stages that are not up to date.")] = False,
    assume: Annotated[
        list[str] | None,
        Option(metavar="'STAGE OPTIONS'", help="Show the status as if the stage ran with these options."),
    ] = None,
) -> str:
    """Show which stages are up to date and why the others are not; run nothing.

    *not made yet* and *stale*: the stage will run. *in the store*: an earlier result will be restored. *waiting*: an
    input will be rebuilt; the stage runs if that input changes. Options default to those in pyproject.toml; `make
    status` adds the variables given to make. With *--stale* and *--assume*, only the assumed stages are checked, and
    the cached status in artifacts/.notes that `make` reads is updated.

    Examples:
        handwriting status --explain
        handwriting status --runs
        handwriting status --assume 'train --epochs 3'
    """
    from pipeline.engine import notes
    from pipeline.engine.errors import UsageError
    from pipeline.engine.stage import take_snapshot
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
        arguments = parse_arguments(stage, options)
        snapshot = take_snapshot(stage, arguments, options) if stale else None
        status = check_stage(stage, arguments, statuses)
        if stale and status.state == "fresh" and status.manifest:
            notes.write(status.output, snapshot, status.manifest)
        statuses[stage.name] = status
        stored[stage.name] = list_runs(status.output, stage.name) if runs or as_json else []
    if stale:
        return "\n".join(name for name, status in statuses.items() if status.state != "fresh")
    if as_json:
        facts = {name: _to_dict(status, stored[name]) for name, status in statuses.items()}
        return to_json(facts, indent=2)
    return "\n".join(
        line for stage in STAGES for line in _format(stage, statuses[stage.name], stored[stage.name], explain)
    )


def _format(stage: "Stage[Any]", status: "StageStatus", runs: "Sequence[Run]", explain: bool) -> Iterator[str]:
    from pipeline.engine.provenance import format_value

    manifest, reasons, state = status.manifest, status.reasons, STATE_TEXT[status.state]
    if status.is_missing:
        state, reasons = NOT_MADE, ()
        about = inspect.cleandoc(stage.__doc__ or "").partition("\n")[0]
    elif explain or not reasons:
        about = f"made on {manifest.when}: {manifest.summary}" if manifest else "missing"
    else:
        more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        about = f"{reasons[0]}{more}"
    head = f"{status.stage:<10} {paint(f'{state:<13}', STATE_COLOUR[status.state], sys.stdout)} "
    yield _wrap(head, about, INDENT)
    if explain:
        yield from (_wrap(" " * INDENT, f"because of {reason}", INDENT) for reason in reasons)
    for run in runs:
        arrow = "->" if run.published else "  "
        differences = "".join(f"{name} {format_value(value)}, " for name, value in _differences(run, runs).items())
        head = f"{arrow:>10} {run.manifest.when}, {run.manifest.seconds:.1f} s: "
        yield _wrap(head, f"{differences}{run.manifest.summary}", len(head))


def _wrap(head: str, text: str, indent: int) -> str:
    """Append the text to `head`, which has `indent` columns, and break it at the width of the terminal.

    If less than MIN_TEXT columns are left, it begins on the next line.
    """
    width = shutil.get_terminal_size((COLUMNS, 0)).columns
    if width < indent + MIN_TEXT:
        indent = NARROW_INDENT
        head = f"{head.rstrip()}\n{'':<{indent}}" if head.strip() else " " * indent
    lines = textwrap.wrap(printable(text), max(width - indent, MIN_TEXT), break_on_hyphens=False)
    return head + f"\n{'':<{indent}}".join(lines)


def _differences(run: "Run", runs: "Sequence[Run]") -> dict[str, Any]:
    """Return the parameters and inputs of a run that are not the same in all runs."""
    own, *others = (_parameters_and_inputs(each) for each in (run, *runs))
    return {name: value for name, value in own.items() if any(other.get(name) != value for other in others)}


def _parameters_and_inputs(run: "Run") -> dict[str, Any]:
    provenance = run.manifest.provenance
    inputs = {name: (digest or "")[:6] for name, digest in provenance.inputs.items()}
    return {**provenance.parameters, **inputs}


def _to_dict(status: "StageStatus", runs: "Sequence[Run]") -> dict[str, Any]:
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
