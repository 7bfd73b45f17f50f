"""How the commands speak: results to stdout, progress and errors to stderr, and an exit status."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, NoReturn, TextIO

import typer

from pipeline.engine import stage as engine
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import Stage
from stages.application import COMPLETING, PROGRAM, build
from stages.colours import paint
from stages.declared import load_declared
from stages.hints import with_hint
from stages.interruptions import hear_no_more, is_asked_to_stop, leave, take_signals
from stages.memory import check_addresses, is_lack_of_memory
from stages.printable import printable

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
UNTOUCHED = "What was there before is as it was"

Command = Callable[..., str | Iterator[str]]  # what it has to say: at its end, or line by line as it comes


def run_module(command: Command) -> NoReturn:
    """What `python -m stages.NAME` does: the same as `handwriting NAME`."""
    run_program({PROGRAM: [command]}, [command.__name__, *sys.argv[1:]])


def run_program(commands: Mapping[str, Sequence[Command]], arguments: Sequence[str]) -> NoReturn:
    """Run the command as `run` does, and end the process with its status."""
    leave(run(commands, arguments))


def read_arguments(stage: Stage[Any], line: Sequence[str]) -> dict[str, Any]:
    """What the stage is called with if `line` follows its name, with the defaults that pyproject.toml declares.

    Raises what `run` turns into a message if the line is wrong.
    """
    app = build({PROGRAM: [stage]}, lambda stage, arguments, force: arguments)
    defaults = load_declared(app, PROGRAM)
    arguments = [stage.name, *line]
    return dict(app.main(arguments, prog_name=PROGRAM, standalone_mode=False, default_map=defaults))


def run(commands: Mapping[str, Sequence[Command]], arguments: Sequence[str]) -> int:
    """Run the command that `arguments` begin with, print what it has to say, and give the exit status.

    commands: in panels, each by its title. A command returns what it has to say, or an iterator of lines, which are
    printed as they come. Meanwhile it may show a bar of tqdm's, which steps aside for what is printed or logged.
    0: done. 1: the work failed. 2: it was asked for wrongly. 130: interrupted. Never a traceback for what a user can do
    something about.
    """
    _prepare_output()
    names = [command.__name__ for panel in commands.values() for command in panel]
    prefix = next((f"{PROGRAM} {argument}" for argument in arguments if argument in names), PROGRAM)

    def fail(message: str, status: int) -> int:
        hear_no_more()
        line = printable(" ".join(message.split()))
        print(f"{paint(f'{prefix}:', 'red', sys.stderr)} {line}", file=sys.stderr, flush=True)
        return status

    try:
        take_signals()
        if prefix != PROGRAM and "--help" not in arguments:
            check_addresses()
        app = build(commands, _run_stage)
        defaults = {} if COMPLETING in os.environ else load_declared(app, PROGRAM)
        result = app.main(list(arguments or ["--help"]), prog_name=PROGRAM, standalone_mode=False, default_map=defaults)
        if result == INTERRUPTED:  # which Typer has met
            raise KeyboardInterrupt
        if isinstance(result, int):  # of --help, --version and the like
            return result
        unheard = _say(result)
        if unheard:
            return fail(unheard, PipelineError.exit_status)
    except typer.TyperException as error:  # what the command line itself finds wrong
        message = with_hint(error, error.format_message()) + _place(error)
        return fail(f"{message}{'' if message.endswith('?') else '.'} See: {prefix} --help", error.exit_code)
    except UsageError as error:
        return fail(with_hint(error, str(error)), error.exit_status)
    except PipelineError as error:
        return fail(str(error), error.exit_status)
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return fail(f"{error.strerror or error}{place}. {UNTOUCHED}", PipelineError.exit_status)
    except (KeyboardInterrupt, typer.Abort):
        return fail(f"interrupted. {UNTOUCHED}", INTERRUPTED)
    except Exception as error:
        if is_lack_of_memory(error):
            return fail(f"not enough memory. {UNTOUCHED}", PipelineError.exit_status)
        if is_asked_to_stop():  # of which a library has made an error of its own
            return fail(f"interrupted. {UNTOUCHED}", INTERRUPTED)
        raise
    return 0


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


def _lines(result: object) -> Generator[str, None, None]:
    if isinstance(result, str):
        yield result
    elif isinstance(result, Iterator):
        yield from result


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
    if sys.stderr is None:  # `2>&-`
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (until the end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a class name that the terminal cannot show is no reason to fail
    progress = _Progress(sys.stderr)
    for name in ("pipeline", "stages", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).addHandler(progress)


def _place(error: Any) -> str:
    """Where a wrong value stands, if that is not the command line."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    source = context and parameter and context.get_parameter_source(parameter.name)
    return " (in pyproject.toml)" if source and source.name == "DEFAULT_MAP" else ""


def _run_stage(stage: Stage[Any], arguments: dict[str, Any], force: bool) -> str:
    options = [word for word in sys.argv[1:] if word != "--force"]
    return printable(engine.run(stage, arguments, force, options))
