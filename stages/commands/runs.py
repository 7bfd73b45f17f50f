"""List the training runs, compare two of them, and give them names."""

import json
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Context, Option, Typer

from pipeline.engine import ARTIFACTS
from pipeline.engine.command import format_texts, main
from pipeline.engine.terminal import printable

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.training.runs import TrainingRun

GROUPS = {"parameter": "parameters", "input": "data", "code": "code", "file": "code", "environment": "environment"}
WIDTH = 100  # columns of the output if it is not a terminal
MIN_WIDTH = 60  # on narrower terminals, which wrap the lines: ids stay whole
RIGHT = ("validation", "test", "seconds")  # columns of numbers


def complete_run(incomplete: str) -> list[str]:
    """Return the names and ids that start with `incomplete`, for shell completion."""
    from pipeline.training.runs import list_training_runs

    words = [word for run in list_training_runs(ARTIFACTS) for word in (*run.names, run.short_id)]
    return [word for word in words if word.startswith(incomplete)]


ONE_RUN = "Name, first digits of the id, or folder of a run."


def list_runs(
    context: Context,
    as_json: Annotated[bool, Option("--json", help="Print a JSON array with all parameters and metrics.")] = False,
) -> str:
    """List the training runs in the store, the latest first.

    Each line has the accuracies, the duration and how the parameters differ from those of the recipe. An arrow marks
    the published run, which later stages read. A run that was not evaluated has no test accuracy. If the runs were
    trained on different data, each line names its data.

    Examples:
        handwriting runs
        handwriting runs diff a31cb7
        handwriting runs name wide
    """
    from pipeline.training.runs import list_training_runs, name_data

    if context.invoked_subcommand:
        return ""
    found = list_training_runs(ARTIFACTS)
    if as_json:
        return json.dumps([_to_dict(run) for run in found], indent=2)
    if not found:
        return "no training run in artifacts: run the stage train first (make train)"
    return _draw_table(found, name_data(found))


def diff(
    old: Annotated[str, Argument(help=ONE_RUN, show_default=False, autocompletion=complete_run)],
    new: Annotated[
        str | None, Argument(help=ONE_RUN, show_default="the published run", autocompletion=complete_run)
    ] = None,
) -> str:
    """Show how two training runs differ in parameters, data, code, versions of packages and metrics.

    Examples:
        handwriting runs diff wide
        handwriting runs diff a31cb7 artifacts/train
    """
    from rich.table import Table

    from pipeline.engine.errors import UsageError
    from pipeline.engine.provenance import differences
    from pipeline.engine.results import find_result
    from pipeline.html.wording import percent
    from pipeline.training.runs import list_training_runs

    runs = list_training_runs(ARTIFACTS)
    a, b = find_result(runs, old, "train"), find_result(runs, new, "train")
    if new is None and a == b:
        raise UsageError(f"{old} is the published run: give a second run to compare it with")
    changes = [
        (GROUPS[reason.kind], f"{reason.name}: {_format_data(a, b) if reason.kind == 'input' else reason.change}")
        for reason in differences(a.manifest.provenance, b.manifest.provenance)
    ]
    metrics = {
        "validation accuracy": [percent(run.validation_accuracy) for run in (a, b)],
        "test accuracy": [percent(run.test_accuracy) for run in (a, b)],
        "expected calibration error": [percent(run.expected_calibration_error) for run in (a, b)],
        "seconds": [f"{run.seconds:,.1f}" for run in (a, b)],
    }
    rows = [("old", _format_run(a)), ("new", _format_run(b))]
    rows += changes or [("parameters", "equal, as are data, code and environment")]
    rows += [("metrics", f"{name}: {' -> '.join(values)}") for name, values in metrics.items()]
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=len("environment"))
    table.add_column(overflow="fold")
    previous = ""
    for group, text in rows:
        table.add_row(group if group != previous else "", printable(text))
        previous = group
    return _draw(table)


def name(
    name: Annotated[str, Argument(help="Name for the run, of letters, digits, '_', '-' and '.'.", show_default=False)],
    run: Annotated[
        str | None, Argument(help=ONE_RUN, show_default="the published run", autocompletion=complete_run)
    ] = None,
    check: Annotated[bool, Option("--check", help="Only check that the name can be given.")] = False,
) -> str | Iterator[str]:
    """Name a training run by making artifacts/NAME a link to it; a run that already has this name loses it.

    `prune` keeps runs with a name, and other commands take the link as a folder. To remove a name, delete the link.

    Examples:
        handwriting runs name wide
        handwriting runs name baseline a31cb7
    """
    from pipeline.engine.make import find_stages
    from pipeline.engine.results import check_name, find_result
    from pipeline.engine.store import publish
    from pipeline.training.runs import list_training_runs

    check_name(ARTIFACTS, name, "train", [stage.name for stage in find_stages()])
    if check:
        return iter(())
    named = find_result(list_training_runs(ARTIFACTS), run, "train")
    publish(named.entry, ARTIFACTS / name)
    return printable(f"{ARTIFACTS / name} is the run {named.short_id}")


runs = Typer(name="runs", rich_markup_mode="markdown")
runs.callback(invoke_without_command=True, **format_texts(list_runs))(list_runs)
for command in (diff, name):
    runs.command(**format_texts(command))(command)


def _draw(table: "Table") -> str:
    """Return a table as text, as wide as the terminal. Its strings must be printable."""
    from rich.console import Console

    width = max(MIN_WIDTH, shutil.get_terminal_size((WIDTH, 0)).columns)
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _format_recipe(run: "TrainingRun") -> str:
    from pipeline.engine.provenance import format_value

    return " ".join([run.recipe, *(f"{name}={format_value(value)}" for name, (value, _) in run.changes.items())])


def _format_run(run: "TrainingRun") -> str:
    words = [run.short_id, *run.names, _format_recipe(run), f"created on {run.manifest.when}"]
    return ", ".join([*words, *(["published"] if run.published else [])])


def _format_data(a: "TrainingRun", b: "TrainingRun") -> str:
    return " -> ".join(f"{run.dataset} ({run.data[:6]})" for run in (a, b))


def _draw_table(runs: "Sequence[TrainingRun]", data: dict[str, str]) -> str:
    """Return a table with a line per run, without columns that are empty."""
    from rich.table import Table

    from pipeline.html.wording import percent

    columns = {
        "   run": [f"{'->' if run.published else '  '} {run.short_id}" for run in runs],
        "name": [" ".join(run.names) for run in runs],
        "created": [run.manifest.when.replace(" at ", " ") for run in runs],
        "validation": [percent(run.validation_accuracy) for run in runs],
        "test": [percent(run.test_accuracy) for run in runs],
        "seconds": [f"{run.seconds:,.1f}" for run in runs],
        "recipe": [_format_recipe(run) + (f" on {data[run.data]}" if len(data) > 1 else "") for run in runs],
    }
    columns = {head: cells for head, cells in columns.items() if any(cells)}
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for head in columns:
        wraps = head in ("name", "created", "recipe")
        table.add_column(head, justify="right" if head in RIGHT else "left", no_wrap=not wraps, overflow="fold")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(printable, row))
    return _draw(table)


def _to_dict(run: "TrainingRun") -> dict[str, Any]:
    return {
        **{name: value for name, value in vars(run).items() if name not in ("entry", "manifest", "history")},
        "created": run.created,
        "changes": {name: value for name, (value, _) in run.changes.items()},
        "parameters": run.manifest.provenance.parameters,
        "seconds": run.seconds,
        "summary": run.manifest.summary,
    }


if __name__ == "__main__":
    main(runs)
