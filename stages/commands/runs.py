"""List the training runs."""

import json
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from pipeline.engine import ARTIFACTS
from pipeline.engine.artifacts import advise
from pipeline.engine.command import main
from pipeline.engine.terminal import printable

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.training.stored_runs import TrainingRun

TABLE_WIDTH = 100  # columns of the output if it is not a terminal
MIN_TABLE_WIDTH = 60  # on narrower terminals, which wrap the lines: ids stay whole
RIGHT = ("validation", "test", "seconds")  # columns of numbers


def runs(
    as_json: Annotated[bool, Option("--json", help="Print a JSON array with all parameters and metrics.")] = False,
) -> str:
    """List the training runs in the store, the latest first.

    Each line has the accuracies, the duration and how the parameters differ from those of the recipe. An arrow marks
    the published run, which later stages read. The column of names has the other links to a run, which
    `handwriting train --output artifacts/NAME` makes. A run that was not evaluated has no test accuracy. If the runs
    were trained on different data, each line names its data.

    Examples:
        handwriting runs
    """
    from pipeline.training.stored_runs import list_training_runs, name_data

    found = list_training_runs(ARTIFACTS)
    if as_json:
        return json.dumps([_to_dict(run) for run in found], indent=2)
    if not found:
        return f"no training run in {ARTIFACTS}: {advise('train', ARTIFACTS / 'train', 'first')}"
    return _draw_table(found, name_data(found))


def _draw(table: "Table") -> str:
    """Return a table as text, as wide as the terminal. Its strings must be printable."""
    from rich.console import Console

    width = max(MIN_TABLE_WIDTH, shutil.get_terminal_size((TABLE_WIDTH, 0)).columns)
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _format_recipe(run: "TrainingRun") -> str:
    from pipeline.engine.provenance import format_value

    return " ".join([run.recipe, *(f"{name}={format_value(value)}" for name, (value, _) in run.changes.items())])


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
