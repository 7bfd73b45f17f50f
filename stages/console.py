"""How the commands speak: results to stdout, progress and errors to stderr, and an exit status."""

import os
import signal
import sys
import tomllib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.engine.errors import PipelineError, UsageError

PROGRAM = "handwriting"
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

Command = Callable[..., str]


def say(line: str) -> None:
    """A line of progress, to stderr."""
    print(line, file=sys.stderr, flush=True)


def run_module(command: Command) -> None:
    """What `python -m stages.NAME` does: the same as `handwriting NAME`."""
    sys.exit(run([command], [command.__name__, *sys.argv[1:]]))


def run(commands: Sequence[Command], arguments: Sequence[str]) -> int:
    """Run the command that `arguments` begin with, print the line it returns, and give the exit status.

    0: done. 1: the work failed. 2: it was asked for wrongly. 130: interrupted. Never a traceback for what a
    user can do something about.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever is asked to stop tidies up first
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    prefix = f"{PROGRAM} {name}".strip()
    try:
        app = typer.main.get_command(_application(commands))
        defaults = _declared_defaults(app, Path("pyproject.toml"))
        result = app.main(list(arguments), prog_name=PROGRAM, standalone_mode=False, default_map=defaults)
        if isinstance(result, str):
            print(result, flush=True)
            return 0
    except typer.TyperException as error:  # what the command line itself finds wrong
        message = error.format_message().rstrip(".")
        say(f"{prefix}: {message}. See: {prefix} --help")
        return error.exit_code
    except PipelineError as error:
        say(f"{prefix}: {error}")
        return error.exit_status
    except BrokenPipeError:  # whoever read our output has gone, as in `handwriting … | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PipelineError.exit_status
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        say(f"{prefix}: {error.strerror or error}{place}. What was there before is as it was")
        return PipelineError.exit_status
    except MemoryError:
        say(f"{prefix}: not enough memory. What was there before is as it was")
        return PipelineError.exit_status
    except (KeyboardInterrupt, typer.Abort):
        say(f"{prefix}: interrupted. What was there before is as it was")
        return INTERRUPTED
    status = int(result or 0)  # of --help, --version, or an interruption that Typer has met
    if status == INTERRUPTED:
        say(f"{prefix}: interrupted. What was there before is as it was")
    return status


def _application(commands: Sequence[Command]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", context_settings={"max_content_width": 100})

    @app.callback()
    def handwriting(
        show_version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
    ) -> None:
        """Handwriting recognition from scratch: a network in plain NumPy, trained by a pipeline of stages.

        Each stage reads the artifacts of earlier ones and publishes its own; `make train` runs what is needed.
        """

    for command in commands:
        app.command()(command)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {version('handwriting')}")
        raise typer.Exit


def _declared_defaults(app: Any, path: Path) -> dict[str, dict[str, Any]]:
    """The defaults that pyproject.toml declares under [tool.handwriting.COMMAND], by parameter name.

    Options are written there as on the command line, without the dashes. Raises UsageError for an option that
    a known command has not got, since a misspelt default would otherwise do nothing, silently.
    """
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UsageError(f"{path} cannot be read ({error})") from None
    tables = declared.get("tool", {}).get(PROGRAM, {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise UsageError(f"{path} must have a table for each command, as in [tool.{PROGRAM}.train]")
    defaults: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        if name not in app.commands:
            continue  # `python -m stages.train` knows no command but its own
        options = {
            option.lstrip("-"): parameter.name for parameter in app.commands[name].params for option in parameter.opts
        }
        for option, value in table.items():
            if option not in options:
                raise UsageError(f"{path} sets '{option}' for {name}, which has no such option")
            text = ",".join(map(str, value)) if isinstance(value, list) else value
            defaults.setdefault(name, {})[options[option]] = text
    return defaults
