"""Run a command of the program: its options, with defaults from pyproject.toml."""

import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import typer

from pipeline.engine.command import INTERRUPTED, run_command
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.run import run_stage
from pipeline.engine.signals import end, install_handlers
from pipeline.engine.stage import Stage
from stages.cli.app import PROGRAM, build
from stages.cli.config import load_defaults
from stages.cli.terminal import format_outcome
from stages.cli.usage import describe

# Bytes of address space that Python and the libraries need to start. With less, OpenBLAS may retry forever.
MIN_ADDRESS_SPACE = 1 << 30

Command = Callable[..., str | Iterator[str]]  # returns its output, or yields it line by line


def run_module(command: Command) -> NoReturn:
    """Run `python -m stages.NAME` like `handwriting NAME`."""
    run_program({PROGRAM: [command]}, [command.__name__, *sys.argv[1:]])


def run_program(commands: Mapping[str, Sequence[Command]], arguments: Sequence[str]) -> NoReturn:
    """Run the command and exit with its status; see `run`."""
    install_handlers()
    end(run(commands, arguments))


def parse_arguments(stage: Stage[Any], line: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of `stage` for the options in `line`. Raises the exceptions that `run` catches."""
    app = build({PROGRAM: [stage]}, lambda stage, arguments, force: arguments)
    app.commands[stage.name].add_help_option = False  # there are no arguments then
    defaults = {stage.name: load_defaults(app.commands[stage.name], PROGRAM)}
    arguments = [stage.name, *line]
    return dict(app.main(arguments, prog_name=PROGRAM, standalone_mode=False, default_map=defaults))


def run(commands: Mapping[str, Sequence[Command]], arguments: Sequence[str]) -> int:
    """Run the command that `arguments` begin with, print its output and return the exit status, as `run_command` does.

    commands: panel title to commands. A command returns its output or yields lines, which are printed immediately.
    """
    names = [command.__name__ for panel in commands.values() for command in panel]
    name = next((word for word in arguments if not word.startswith("-")), "")
    known = name in names
    prefix = f"{PROGRAM} {name}" if known else PROGRAM
    options = arguments[arguments.index(name) + 1 :] if known else []

    def work() -> object:
        app = build(commands, lambda stage, given, force: format_outcome(run_stage(stage, given, force, options)))
        defaults: dict[str, dict[str, Any]] = {}
        if known and "--help" not in arguments:  # which works in any case
            _check_address_space()
            defaults[name] = load_defaults(app.commands[name], PROGRAM)
        line = list(arguments or ["--help"])
        try:
            result = app.main(line, prog_name=PROGRAM, standalone_mode=False, default_map=defaults)
        except typer.Abort:
            raise KeyboardInterrupt from None
        except Exception as error:
            if hasattr(error, "format_message"):  # a ClickException, of the click that Typer uses
                raise UsageError(describe(error, prefix)) from None
            raise
        if result == INTERRUPTED:  # Typer has caught the KeyboardInterrupt
            raise KeyboardInterrupt
        return result  # 0 from --help, --version and similar

    return run_command(prefix, work)


def _check_address_space() -> None:
    """Raise PipelineError if `ulimit -v` is below MIN_ADDRESS_SPACE."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < MIN_ADDRESS_SPACE:
        raise PipelineError(
            f"not enough memory (`ulimit -v` is {limit >> 20:,} MB): set it to {MIN_ADDRESS_SPACE >> 20:,} MB or more"
        )
