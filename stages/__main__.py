"""The `handwriting` program: each module in stages/ and stages/commands/ has the command of its name."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipeline.engine.command import Command, Group, add_command, invoke
from pipeline.engine.errors import PipelineError
from pipeline.engine.make import find_stages, import_stage_module
from pipeline.engine.program import run_command, run_program
from pipeline.engine.provenance import package_versions
from pipeline.engine.stage import Stage

PROGRAM = "handwriting"
PREDICTION_COMMANDS = ("classify", "predict")
FOR_READER = ("fonts", "lines", "rows", "detector")


def main() -> NoReturn:
    """Run the console script."""
    run_program(lambda: run(sys.argv[1:]))


def run(line: Sequence[str]) -> int:
    """Run the command that the words begin with, and return its exit status."""
    if not Path(__file__).is_file():
        return run_command(PROGRAM, _refuse_archive)
    name = next((word for word in line if not word.startswith("-")), "")
    known = name in find_modules()

    def work() -> object:
        app = make_program(load_commands([name] if known else order_names()))  # others are slow to import
        return invoke(app, line or ["--help"], PROGRAM)

    return run_command(name if known else PROGRAM, work)


def _refuse_archive() -> NoReturn:
    raise PipelineError(f"{Path(__file__).parent.parent} is an archive: unpack it, or install it with pip")


def find_modules() -> dict[str, str]:
    """Return the names of all commands, each with that of its module."""
    folder = Path(__file__).parent
    packages = {"stages": folder, "stages.commands": folder / "commands"}
    found = {path.stem: f"{name}.{path.stem}" for name, each in packages.items() for path in each.glob("[!_]*.py")}
    return dict(sorted(found.items()))


def order_names() -> list[str]:
    """Return the names of all commands in the order of the help."""
    return list(dict.fromkeys([*PREDICTION_COMMANDS, *(stage.name for stage in find_stages()), *find_modules()]))


def load_commands(names: Iterable[str]) -> list[Command]:
    """Return the commands with these names."""
    modules = find_modules()
    return [getattr(import_stage_module(modules[name]), name) for name in names]


def make_program(commands: Iterable[Command]) -> typer.Typer:
    """Return the program with these commands."""
    epilog = f"Run `{PROGRAM} COMMAND --help` for the options and examples of a command."
    app = typer.Typer(cls=Group, rich_markup_mode="markdown", epilog=epilog)
    app.callback()(handwriting)
    for command in commands:
        add_command(app, command, _choose_panel(command))
    return app


def _choose_panel(command: Command) -> str:
    if isinstance(command, Stage):
        return "Stages for the reader, in order" if command.name in FOR_READER else "Pipeline stages, in order"
    return "Predictions" if command.__name__ in PREDICTION_COMMANDS else "Results"


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {package_versions([PROGRAM])[PROGRAM]}")
        raise typer.Exit


def handwriting(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Handwriting recognition from scratch: neural networks in plain NumPy, trained by a pipeline of stages.

    Each stage reads the results of earlier stages and publishes its own. A command such as `handwriting train` runs a
    single stage. In a clone of the project, `make train` first runs the earlier stages that are not up to date.
    """


if __name__ == "__main__":
    main()
