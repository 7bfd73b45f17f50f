"""Show which stages are up to date."""

import inspect
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

from pipeline.engine.terminal import printable
from stages.cli.console import parse_arguments, run_module
from stages.cli.order import ALL_STAGES, STAGES
from stages.cli.terminal import draw, to_json

if TYPE_CHECKING:
    from rich.text import Text

    from pipeline.engine.plan import Plan
    from pipeline.engine.stage import Stage

STATE_COLOUR = {"fresh": "green", "stored": "cyan", "waiting": "yellow", "stale": "yellow"}
STYLES = {  # of the boxes of the flowchart
    "fresh": "fill:#dafbe1,stroke:#1a7f37,color:#0b3d1c",
    "stored": "fill:#ddf4ff,stroke:#0969da,color:#0a3069",
    "waiting": "fill:#fff8c5,stroke:#9a6700,color:#4d2d00,stroke-dasharray:4",
    "stale": "fill:#ffebd5,stroke:#bc4c00,color:#5c2100",
}


def status(
    explain: Annotated[bool, Option("--explain", help="Show every reason, not only the first.")] = False,
    graph: Annotated[
        Literal["text", "mermaid"] | None,
        Option(help="Show the stages as a tree (text), or as a flowchart for Mermaid."),
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print everything as one JSON object.")] = False,
    stale: Annotated[bool, Option("--stale", help="Print only the names of stages that are not up to date.")] = False,
    assume: Annotated[
        list[str] | None,
        Option(metavar="'STAGE OPTIONS'", help="Show the status as if the stage ran with these options."),
    ] = None,
) -> str:
    """Show which stages are up to date, which are not, and why.

    The next `make` runs each stage that is 'stale' or 'not made yet', and restores an earlier result of each stage that
    is 'in the store'. If a stage is 'waiting', make first runs the earlier stage, and then the waiting stage if its
    input has changed. The status assumes the options in pyproject.toml; `make status` adds the variables that you give
    it.

    Examples:
        handwriting status --explain
        handwriting status --graph text
        handwriting status --assume 'train --epochs 3'
    """
    from pipeline.engine.errors import PipelineError, UsageError
    from pipeline.engine.plan import Plan
    from pipeline.engine.provenance import Reason
    from pipeline.engine.status import check_stage

    try:
        assumed = {words[0]: words[1:] for words in map(shlex.split, assume or []) if words}
    except ValueError as error:
        raise UsageError(f"{error} in --assume") from None
    names = [stage.name for stage in ALL_STAGES]
    for name in assumed:
        if name not in names:
            raise UsageError(f"there is no stage '{name}': choose one of {', '.join(names)}")
    statuses: dict[str, Plan] = {}
    for stage in ALL_STAGES:
        if stale and assumed and stage.name not in assumed:
            continue
        options = assumed.get(stage.name, [])
        arguments = parse_arguments(stage, options)
        if not (stale or stage in STAGES or arguments[stage.output].exists()):
            continue  # nobody has asked for it
        try:
            status = check_stage(stage, arguments, statuses, "--force" in options, options if stale else None)
        except PipelineError as error:
            if stale:
                raise type(error)(f"{stage.name}: {error}") from None
            reason = Reason("request", stage.name, str(error))
            status = Plan(arguments[stage.output], "stale", (reason,), None)
        statuses[stage.name] = status
    if stale:
        return "\n".join(name for name, status in statuses.items() if status.state != "fresh")
    if as_json:
        return to_json({name: _to_dict(status) for name, status in statuses.items()}, indent=2)
    if graph:
        return _draw_tree(statuses) if graph == "text" else _draw_flowchart(statuses)
    return _draw_list(statuses, explain)


def _find(statuses: "Mapping[str, Plan]") -> list["Stage[Any]"]:
    """Return the stages with a status, in order."""
    return [stage for stage in ALL_STAGES if stage.name in statuses]


def _draw_list(statuses: "Mapping[str, Plan]", explain: bool) -> str:
    from rich.table import Table

    table = Table.grid(padding=(0, 1, 0, 0))
    for min_width in (10, 13, None):
        table.add_column(min_width=min_width, overflow="fold")
    for stage in _find(statuses):
        status = statuses[stage.name]
        manifest, reasons = status.manifest, status.reasons
        if status.is_missing:
            reasons = ()
            about = inspect.cleandoc(stage.__doc__ or "").partition("\n")[0]
        elif explain or not reasons:
            about = f"created on {manifest.when}: {manifest.summary}" if manifest else "missing"
        else:
            more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
            about = f"{reasons[0]}{more}"
        table.add_row(stage.name, _format_state(status), printable(about))
        for reason in reasons if explain else ():
            table.add_row("", "", printable(f"because of {reason}"))
    return draw(table)


def _format_state(status: "Plan") -> "Text":
    from rich.text import Text

    return Text(status.description, STATE_COLOUR[status.state])


def _draw_tree(statuses: "Mapping[str, Plan]") -> str:
    """Return a tree in which each stage is below the last stage that it reads."""
    from rich.text import Text
    from rich.tree import Tree

    order = list(statuses)
    nodes = {"": Tree("", hide_root=True)}
    for stage in _find(statuses):
        *others, parent = ["", *sorted(stage.inputs, key=order.index)]
        also = ", ".join(filter(None, others))
        label = Text.assemble(f"{stage.name}  ", _format_state(statuses[stage.name]), also and f"  also reads {also}")
        nodes[stage.name] = nodes[parent].add(label)
    return draw(nodes[""])


def _draw_flowchart(statuses: "Mapping[str, Plan]") -> str:
    """Return a flowchart in Mermaid's language, with an edge for each input."""
    states = {status.state for status in statuses.values()}
    lines = ["flowchart TD"]  # below, the prefix avoids words that Mermaid reserves, such as `end`
    lines += [f'    stage_{name}["{name}: {found.description}"]:::{found.state}' for name, found in statuses.items()]
    lines += [f"    stage_{source} --> stage_{stage.name}" for stage in _find(statuses) for source in stage.inputs]
    lines += [f"    classDef {state} {style}" for state, style in STYLES.items() if state in states]
    return "\n".join(lines)


def _to_dict(status: "Plan") -> dict[str, Any]:
    return {
        "state": status.state,
        "output": str(status.output),
        "reasons": [asdict(reason) for reason in status.reasons],
    }


if __name__ == "__main__":
    run_module(status)
