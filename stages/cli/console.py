"""Run a command: results to stdout, progress and errors to stderr, and an exit status."""

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
from stages.cli.config import load_declared
from stages.cli.signals import end, is_asked_to_stop, take_signals
from stages.cli.terminal import paint, printable

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
UNTOUCHED = "What was there before is as it was"
# Bytes of addresses that Python and the libraries take before any work. With less, OpenBLAS may try for ever.
LEAST = 1 << 30
# What else says that memory is lacking: of a thread, and of a library that is loaded.
SCARCE = ("can't start new thread", "failed to map segment")

Command = Callable[..., str | Iterator[str]]  # what it has to say: at its end, or line by line as it comes


def run_module(command: Command) -> NoReturn:
    """What `python -m stages.NAME` does: the same as `handwriting NAME`."""
    run_program({PROGRAM: [command]}, [command.__name__, *sys.argv[1:]])


def run_program(commands: Mapping[str, Sequence[Command]], arguments: Sequence[str]) -> NoReturn:
    """Run the command as `run` does, and end the process with its status."""
    take_signals()
    end(run(commands, arguments))


def read_arguments(stage: Stage[Any], line: Sequence[str]) -> dict[str, Any]:
    """What `stage` is called with if `line` follows its name. Raises what `run` turns into a message."""
    app = build({PROGRAM: [stage]}, lambda stage, arguments, force: arguments)
    defaults = {stage.name: load_declared(app.commands[stage.name], PROGRAM)}
    arguments = [stage.name, *line]
    return dict(app.main(arguments, prog_name=PROGRAM, standalone_mode=False, default_map=defaults))


def run(commands: Mapping[str, Sequence[Command]], arguments: Sequence[str]) -> int:
    """Run the command that `arguments` begin with, print what it has to say, and give the exit status.

    commands: in panels, each by its title. A command returns what it has to say, or an iterator of lines, which are
    printed as they come. Meanwhile it may show a bar of tqdm's, which steps aside for what is printed or logged.
    0: done. 1: the work failed. 2: it was asked for wrongly. 130: interrupted. Never a traceback for what a user can do
    something about.
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
        app = build(commands, lambda stage, given, force: printable(engine.run(stage, given, force, options)))
        defaults: dict[str, dict[str, Any]] = {}
        if known:
            with contextlib.suppress(*((PipelineError, OSError) if "--help" in arguments else ())):
                _check_addresses()  # help is there in any case
                defaults[name] = load_declared(app.commands[name], PROGRAM)
        result = app.main(list(arguments or ["--help"]), prog_name=PROGRAM, standalone_mode=False, default_map=defaults)
        if result == INTERRUPTED:  # Typer has caught the interruption
            raise KeyboardInterrupt
        if isinstance(result, int):  # of --help, --version and the like
            return result
        unheard = _say(result)
        return fail(unheard) if unheard else 0
    except PipelineError as error:
        return fail(str(error), error.exit_status)
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return fail(f"{error.strerror or error}{place}. {UNTOUCHED}")
    except (KeyboardInterrupt, typer.Abort):
        return fail(f"interrupted. {UNTOUCHED}", INTERRUPTED)
    except Exception as error:
        if is_asked_to_stop():  # a library has made an error of its own of the interruption
            return fail(f"interrupted. {UNTOUCHED}", INTERRUPTED)
        if isinstance(error, MemoryError) or any(sign in str(error) for sign in SCARCE):
            return fail(f"not enough memory. {UNTOUCHED}")
        if hasattr(error, "format_message"):  # a ClickException, from whichever click Typer uses
            misuse: Any = error
            message = misuse.format_message().rstrip(".").replace("Value error, ", "", 1) + _place(error)
            return fail(f"{message}{'' if message.endswith('?') else '.'} See: {prefix} --help", misuse.exit_code)
        raise


def _say(result: object) -> str:
    """Print what a command has to say; the reason why it cannot be told, if there is one."""
    with contextlib.closing(_lines(result)) as lines:  # a command tidies up, also when nobody listens any more
        for line in lines:
            try:
                with _bars_aside():
                    print(line, flush=True)
            except OSError as error:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor try again when Python ends
                if isinstance(error, BrokenPipeError):  # that is a reader who has seen enough, as `head -1` does
                    break
                done = "done, but " if isinstance(result, str) else ""
                return f"{done}there is no room to say {'so' if done else 'more'}: {error.strerror}"
    return ""


def _lines(result: Any) -> Generator[str, None, None]:
    yield from [result] if isinstance(result, str) else result or ()


def _bars_aside() -> contextlib.AbstractContextManager[None]:
    """Meanwhile no bar is on the terminal, which results and progress share; without tqdm there is none anyway."""
    tqdm = sys.modules.get("tqdm")
    return tqdm.tqdm.external_write_mode() if tqdm else contextlib.nullcontext()


class _Progress(logging.StreamHandler[TextIO]):
    """Lines to stderr, between which a bar may stand."""

    def emit(self, record: logging.LogRecord) -> None:
        with _bars_aside():
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def _prepare_output() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it is closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a class name that the terminal cannot show is no reason to fail
    for name in ("pipeline", "stages", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).handlers = [_Progress(sys.stderr)]


def _check_addresses() -> None:
    """Raise PipelineError if this process may not even have the addresses that it needs to begin (`ulimit -v`)."""
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY and most < LEAST:
        raise PipelineError(
            f"not enough memory: `ulimit -v` allows this process {most >> 20:,} MB of addresses: "
            f"allow {LEAST >> 20:,} MB"
        )


def _place(error: Any) -> str:
    """Where a wrong value stands, if that is not the command line."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    source = context and parameter and context.get_parameter_source(parameter.name)
    return " (in pyproject.toml)" if source and source.name == "DEFAULT_MAP" else ""
