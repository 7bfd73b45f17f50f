"""List the training runs, compare two of them, and give them names."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Context, Option

from stages.cli.app import Group
from stages.cli.console import run_module
from stages.cli.order import STAGES
from stages.cli.terminal import MIN_TEXT, paint, printable, to_json, width, wrap

if TYPE_CHECKING:
    from pipeline.training.runs import TrainingRun

COLUMNS = (
    *("id", "names", "published", "created", "recipe", "changes", "dataset", "data"),
    *("validation_accuracy", "test_accuracy", "expected_calibration_error", "seconds"),
)  # of --csv
GROUPS = {"parameter": "parameters", "input": "data", "code": "code", "environment": "environment"}
GROUP_WIDTH = 13
GAP = "  "  # between columns
RIGHT = ("validation", "test", "seconds")  # columns of numbers

# Sorts the best first, and runs without the value last.
SORTS: dict[str, "Callable[[TrainingRun], Any]"] = {
    "created": lambda run: 0,  # the list is sorted so
    "validation": lambda run: -1 if run.validation_accuracy is None else run.validation_accuracy,
    "test": lambda run: -1 if run.test_accuracy is None else run.test_accuracy,
    "seconds": lambda run: -run.seconds,
}


def complete_run(incomplete: str) -> list[str]:
    """Return the names and ids that start with `incomplete`, for shell completion."""
    from pipeline.engine.results import count_digits
    from pipeline.training.runs import list_training_runs

    runs = list_training_runs(Path("artifacts"))
    digits = count_digits(runs)
    words = [*(name for run in runs for name in run.names), *(run.id[:digits] for run in runs)]
    return [word for word in words if word.startswith(incomplete)]


Artifacts = Annotated[Path, Option(help="Folder of all artifacts.")]
ONE_RUN = "Name, first digits of the id, or folder of a run."


def list_runs(
    context: Context,
    sort: Annotated[
        Literal["created", "validation", "test", "seconds"],
        Option(help="Newest, most accurate or fastest first."),
    ] = "created",
    limit: Annotated[int | None, Option(min=1, help="List only the first runs.", show_default="all")] = None,
    as_csv: Annotated[bool, Option("--csv", help="Print a table of comma-separated values.")] = False,
    as_json: Annotated[bool, Option("--json", help="Print a JSON array with all parameters.")] = False,
    artifacts: Artifacts = Path("artifacts"),
) -> str:
    """List the training runs in the store: what differs from the recipe, accuracies, duration.

    An arrow marks the published run, which the later stages read. A run that was not evaluated has no test accuracy.
    The data are named if those of the runs differ.

    Examples:
        handwriting runs --sort test --limit 5
        handwriting runs diff a31cb7
        handwriting runs name wide
    """
    from pipeline.engine.errors import UsageError
    from pipeline.engine.results import count_digits
    from pipeline.training.runs import list_training_runs, name_data

    if context.invoked_subcommand:
        sources = [context.get_parameter_source(option) for option in context.params]
        if any(source and source.name == "COMMANDLINE" for source in sources):
            raise UsageError(f"write the options after `{context.invoked_subcommand}`")
        return ""
    if as_csv and as_json:
        raise UsageError("--csv and --json cannot be combined: choose one of them")
    runs = list_training_runs(artifacts)
    shown = sorted(runs, key=SORTS[sort], reverse=True)[:limit]
    if as_json:
        return to_json([_to_dict(run) for run in shown], indent=2)
    if as_csv:
        return _format_csv(shown)
    if not runs:
        return f"no training run in {printable(str(artifacts))}: run the stage train first (make train)"
    return _format_table(shown, count_digits(runs), name_data(runs))


def diff(
    old: Annotated[str, Argument(help=ONE_RUN, show_default=False, autocompletion=complete_run)],
    new: Annotated[
        str | None, Argument(help=ONE_RUN, show_default="the published run", autocompletion=complete_run)
    ] = None,
    artifacts: Artifacts = Path("artifacts"),
) -> str:
    """Show what differs between two training runs: parameters, data, code, versions of packages, metrics.

    Examples:
        handwriting runs diff wide
        handwriting runs diff a31cb7 artifacts/train
    """
    from pipeline.engine.errors import UsageError
    from pipeline.engine.provenance import differences
    from pipeline.engine.results import count_digits, find_result
    from pipeline.pages.wording import percent
    from pipeline.training.runs import list_training_runs

    runs = list_training_runs(artifacts)
    a, b = find_result(runs, old, "train"), find_result(runs, new, "train")
    if new is None and a == b:
        raise UsageError(f"{old} is the published run: give a second run to compare it with")
    digits = count_digits(runs)
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
    rows = [("old", _format_run(a, digits)), ("new", _format_run(b, digits))]
    rows += changes or [("parameters", "equal, as are data, code and environment")]
    rows += [("metrics", f"{name}: {' -> '.join(values)}") for name, values in metrics.items()]
    heads = [head if index == 0 or rows[index - 1][0] != head else "" for index, (head, _) in enumerate(rows)]
    return "\n".join(
        wrap(f"{head:<{GROUP_WIDTH}}", text, GROUP_WIDTH) for head, (_, text) in zip(heads, rows, strict=True)
    )


def name(
    name: Annotated[str, Argument(help="Letters, digits, '_', '-' and '.'.", show_default=False)],
    run: Annotated[
        str | None, Argument(help=ONE_RUN, show_default="the published run", autocompletion=complete_run)
    ] = None,
    check: Annotated[bool, Option("--check", help="Only check that the name can be given.")] = False,
    artifacts: Artifacts = Path("artifacts"),
) -> str | Iterator[str]:
    """Name a training run: make artifacts/NAME a link to it. A name of another run moves to this one.

    `prune` keeps runs with a name, and other commands take the link as a folder. To remove a name, delete the link.

    Examples:
        handwriting runs name wide
        handwriting runs name baseline a31cb7
    """
    from pipeline.engine.results import assign_name, check_name, count_digits, find_result
    from pipeline.training.runs import list_training_runs

    check_name(artifacts, name, "train", [stage.name for stage in STAGES])
    if check:
        return iter(())
    runs = list_training_runs(artifacts)
    named = find_result(runs, run, "train")
    before = next((other for other in runs if name in other.names and other != named), None)
    assign_name(artifacts, name, named.entry)
    digits = count_digits(runs)
    moved = f", no longer {before.id[:digits]}" if before else ""
    return printable(f"{artifacts / name} is the run {named.id[:digits]}{moved}")


list_runs.__name__ = "runs"
runs = Group(list_runs, diff, name)


def _format_changes(run: "TrainingRun") -> str:
    from pipeline.engine.provenance import format_value

    return " ".join(f"{name}={format_value(value)}" for name, (value, _) in run.changes.items())


def _format_recipe(run: "TrainingRun") -> str:
    return f"{run.recipe} {_format_changes(run)}".strip()


def _format_run(run: "TrainingRun", digits: int) -> str:
    words = [run.id[:digits], *run.names, _format_recipe(run), f"created on {run.manifest.when}"]
    return ", ".join([*words, *(["published"] if run.published else [])])


def _format_data(a: "TrainingRun", b: "TrainingRun") -> str:
    return " -> ".join(f"{run.dataset} ({run.data[:6]})" for run in (a, b))


def _format_table(runs: "Sequence[TrainingRun]", digits: int, data: dict[str, str]) -> str:
    """Return a line per run, with the recipe last; as text instead of columns if the terminal is too narrow."""
    from pipeline.pages.wording import percent

    columns: dict[str, list[str]] = {
        "run": [run.id[:digits] for run in runs],
        "name": [" ".join(run.names) for run in runs],
        "created": [run.manifest.when.replace(" at ", " ") for run in runs],
        "validation": [percent(run.validation_accuracy) for run in runs],
        "test": [percent(run.test_accuracy) for run in runs],
        "seconds": [f"{run.seconds:,.1f}" for run in runs],
    }
    columns = {head: list(map(printable, cells)) for head, cells in columns.items() if any(cells)}
    texts = [_format_recipe(run) + (f" on {data[run.data]}" if len(data) > 1 else "") for run in runs]
    arrows = [paint("->", "green", sys.stdout) if run.published else "  " for run in runs]
    rows = list(zip(*columns.values(), strict=True))
    widths = [max(map(len, [head, *cells])) for head, cells in columns.items()]
    indent = len("-> ") + sum(size + len(GAP) for size in widths)
    if width() < indent + MIN_TEXT:
        lines = []
        for arrow, row, text in zip(arrows, rows, texts, strict=True):
            facts = [
                f"{head} {cell}" if head in RIGHT else cell for head, cell in zip(columns, row, strict=True) if cell
            ]
            lines.append(wrap(f"{arrow} {facts[0]} ", ", ".join([*facts[1:], text]), len(f"-> {facts[0]} ")))
        return "\n".join(lines)

    def align(cells: Iterable[str]) -> str:
        aligned = zip(cells, widths, columns, strict=True)
        return "".join(
            (f"{cell:>{size}}" if head in RIGHT else f"{cell:<{size}}") + GAP for cell, size, head in aligned
        )

    lines = [f"   {align(columns)}recipe"]
    lines += [wrap(f"{arrow} {align(row)}", text, indent) for arrow, row, text in zip(arrows, rows, texts, strict=True)]
    return "\n".join(lines)


def _to_dict(run: "TrainingRun") -> dict[str, Any]:
    return {
        **{name: value for name, value in vars(run).items() if name not in ("entry", "manifest")},
        "created": run.created,
        "changes": {name: value for name, (value, _) in run.changes.items()},
        "parameters": run.manifest.provenance.parameters,
        "seconds": run.seconds,
        "summary": run.manifest.summary,
    }


def _format_csv(runs: "Sequence[TrainingRun]") -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for run in runs:
        published, changes = str(run.published).lower(), _format_changes(run)
        values = {**_to_dict(run), "names": " ".join(run.names), "published": published, "changes": changes}
        table.writerow(printable("" if values[name] is None else str(values[name])) for name in COLUMNS)
    return text.getvalue().rstrip("\n")


if __name__ == "__main__":
    run_module(runs)
