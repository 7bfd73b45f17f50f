"""Run a command: results to stdout, progress and errors to stderr, exit status."""

import contextlib
import io
import logging
import os
import resource
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, NoReturn, TextIO

import typer

from pipeline.engine import stage as engine
from pipeline.engine.errors import PipelineError
from pipeline.engine.stage import Stage
from stages.cli.app import PROGRAM, build
from stages.cli.config import load_defaults
from stages.cli.signals import end, install_handlers, stop_requested
from stages.cli.terminal import format_outcome, paint, printable
from stages.cli.usage import describe

INTERRUPTED = 130  # 128 + SIGINT, as in shells
UNCHANGED = "Existing results are unchanged"
# Bytes of address space that Python and the libraries need to start. With less, OpenBLAS may retry forever.
MIN_ADDRESS_SPACE = 1 << 30
# Messages of other exceptions that mean a lack of memory: for a thread, for a shared library.
MEMORY_ERRORS = ("can't start new thread", "failed to map segment")

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
    """Run the command that `arguments` begin with, print its output and return the exit status.

    commands: panel title to commands. A command returns its output or yields lines, which are printed immediately.
    Status: 0 success, 1 failure, 2 wrong usage, 130 interrupted. A traceback appears only for bugs.
    """
    names = [command.__name__ for panel in commands.values() for command in panel]
    name = next((word for word in arguments if not word.startswith("-")), "")
    known = name in names
    prefix = f"{PROGRAM} {name}" if known else PROGRAM
    options = [word for word in arguments[arguments.index(name) + 1 :] if word != "--force"] if known else []

    def fail(message: str, status: int = PipelineError.exit_status) -> int:
        line = printable(" ".join(message.split()))
        print(f"{paint(f'{prefix}:', 'red', sys.stderr)} {line}", file=sys.stderr, flush=True)
        return status

    try:
        _prepare_output()
        app = build(commands, lambda stage, given, force: format_outcome(engine.run(stage, given, force, options)))
        defaults: dict[str, dict[str, Any]] = {}
        if known and "--help" not in arguments:  # which works in any case
            _check_address_space()
            defaults[name] = load_defaults(app.commands[name], PROGRAM)
        result = app.main(list(arguments or ["--help"]), prog_name=PROGRAM, standalone_mode=False, default_map=defaults)
        if result == INTERRUPTED:  # Typer has caught the KeyboardInterrupt
            raise KeyboardInterrupt
        if isinstance(result, int):  # from --help, --version and similar
            return result
        failure = _print_result(result)
        return fail(failure) if failure else 0
    except PipelineError as error:
        return fail(str(error), error.exit_status)
    except OSError as error:
        file = f": {error.filename}" if error.filename else ""
        return fail(f"{error.strerror or error}{file}. {UNCHANGED}")
    except (KeyboardInterrupt, typer.Abort):
        return fail(f"interrupted. {UNCHANGED}", INTERRUPTED)
    except Exception as error:
        if stop_requested():  # a library has replaced the KeyboardInterrupt by another exception
            return fail(f"interrupted. {UNCHANGED}", INTERRUPTED)
        if isinstance(error, MemoryError) or any(text in str(error) for text in MEMORY_ERRORS):
            return fail(f"not enough memory. {UNCHANGED}")
        if hasattr(error, "format_message"):  # a ClickException, of the click that Typer uses
            usage: Any = error
            return fail(describe(usage, prefix), usage.exit_code)
        raise


def _print_result(result: object) -> str:
    """Print the output of a command; return an error message if that fails."""
    with contextlib.closing(_lines(result)) as lines:  # so that a generator cleans up even if printing fails
        for line in lines:
            try:
                print(line, flush=True)
            except OSError as error:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # no second error at exit
                if isinstance(error, BrokenPipeError):  # the reader has closed the pipe, as `head -1` does
                    break
                done = "done, but " if isinstance(result, str) else ""
                return f"{done}cannot write to standard output: {error.strerror}"
    return ""


def _lines(result: Any) -> Generator[str, None, None]:
    yield from [result] if isinstance(result, str) else result or ()


class _Log(logging.StreamHandler[TextIO]):
    """Log to stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr  # `progress` replaces it, to print above its line
        super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def _prepare_output() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # class names may not be encodable
    for name in ("pipeline", "stages", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).handlers = [_Log()]


def _check_address_space() -> None:
    """Raise PipelineError if `ulimit -v` is below MIN_ADDRESS_SPACE."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < MIN_ADDRESS_SPACE:
        raise PipelineError(
            f"not enough memory (`ulimit -v` is {limit >> 20:,} MB): set it to {MIN_ADDRESS_SPACE >> 20:,} MB or more"
        )
