"""Commands: results to stdout, progress and errors to stderr, exit status. `main` turns a stage into a command.

A module stages/NAME.py that ends with

    if __name__ == "__main__":
        main(NAME)

is a command, `python -m stages.NAME`, with an option for each argument of the stage.
"""

import contextlib
import io
import logging
import os
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NoReturn, TextIO, Union, get_args, get_origin, get_type_hints

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.fingerprint import locate
from pipeline.engine.run import run_stage
from pipeline.engine.signals import end, install_handlers, stop_requested
from pipeline.engine.stage import Stage
from pipeline.engine.terminal import paint, printable

INTERRUPTED = 130  # 128 + SIGINT, as in shells
UNCHANGED = "Existing results are unchanged"
# Messages of other exceptions that mean a lack of memory: for a thread, for a shared library.
MEMORY_ERRORS = ("can't start new thread", "failed to map segment")
SIMPLE_TYPES = (int, float, str, Path)  # of options, besides bool and Literal
RESERVED = ("force", "no_force", "help")  # options of every command


def main(stage: Stage[Any]) -> NoReturn:
    """Run the stage with the options in `sys.argv`, print what it has done, and exit with its status."""
    module = sys._getframe(1).f_globals["__name__"]
    if module != "__main__":
        raise UsageError(f'{module} calls main when it is imported: put the call below if __name__ == "__main__"')
    install_handlers()
    end(run_command(stage.name, lambda: _run(stage, sys.argv[1:])))


def _run(stage: Stage[Any], line: list[str]) -> str:
    arguments = vars(make_parser(stage).parse_args(line))
    force = arguments.pop("force")
    return printable(str(run_stage(stage, arguments, force, options=line)))


class Parser(ArgumentParser):
    """A parser that raises UsageError."""

    def error(self, message: str) -> NoReturn:
        """Raise the error, with the command that shows the options."""
        if "ignored explicit argument" in message:
            message += " (a bool takes no value: a Makefile lists its variable in flags)"
        raise UsageError(f"{message}. See: {self.prog} --help")


def make_parser(stage: Stage[Any]) -> ArgumentParser:
    """Return a parser with an option for each argument of the stage, and --force.

    An argument is an int, float, str, bool, Path or Literal, or one of these or None. A string in `Annotated` is the
    help of the option. Raises UsageError for other types.
    """
    parser = Parser(
        prog=f"python -m {locate(stage.function)[0]}",
        description=stage.__doc__,
        allow_abbrev=False,  # the record of the options would differ
    )
    hints = get_type_hints(stage.function, include_extras=True)
    defaults: dict[str, Any] = {"force": False}
    for name, parameter in stage.signature.parameters.items():
        if name in RESERVED:
            raise UsageError(f"{stage.name} has an argument {name}, an option of every command: rename it")
        if name not in hints:
            raise UsageError(f"{stage.name} has an argument {name} without a type: annotate it, as in {name}: int")
        kind, *notes = get_args(hints[name]) if get_origin(hints[name]) is Annotated else [hints[name]]
        texts = [note for note in notes if isinstance(note, str)]
        options: dict[str, Any] = _read_type(stage.name, name, kind)
        if parameter.default is parameter.empty:
            options["required"] = True
        else:
            defaults[name] = parameter.default
            texts.append(f"Default: {parameter.default}.")
        parser.add_argument(f"--{name.replace('_', '-')}", help=" ".join(texts).replace("%", "%%"), **options)
    parser.add_argument("--force", action=BooleanOptionalAction, help="Rerun even if the result is up to date.")
    parser.set_defaults(**defaults)  # here, because BooleanOptionalAction would append its default to the help
    return parser


def _read_type(stage: str, name: str, kind: Any) -> dict[str, Any]:
    """Return how argparse reads a value of this type."""
    if get_origin(kind) in (Union, UnionType):
        kind = next(each for each in get_args(kind) if each is not NoneType)
        if get_origin(kind) is Annotated:
            raise UsageError(f"{stage} has an argument {name} of type File | None or Input | None: leave out None")
    if get_origin(kind) is Literal:
        return {"type": type(get_args(kind)[0]), "choices": get_args(kind)}
    if kind is bool:
        return {"action": BooleanOptionalAction}
    if kind in SIMPLE_TYPES:
        return {"type": kind}
    types = ", ".join(each.__name__ for each in SIMPLE_TYPES)
    raise UsageError(f"{stage} has an argument {name} of type {kind}: declare it as {types}, bool or Literal")


def run_command(name: str, work: Callable[[], object]) -> int:
    """Call `work`, print the string or the lines that it returns, and return the exit status.

    Lines of an iterator are printed immediately. The status is 0 for success, 1 for failure, 2 for wrong usage, 130 for
    an interruption. A traceback appears only for bugs.

    name: begins the line that reports an error.
    """

    def fail(message: str, status: int = PipelineError.exit_status) -> int:
        line = printable(" ".join(message.split()))
        print(f"{paint(f'{name}:', 'red', sys.stderr)} {line}", file=sys.stderr, flush=True)
        return status

    try:
        _prepare_output()
        failure = _print_result(work())
        return fail(failure) if failure else 0
    except PipelineError as error:
        return fail(str(error), error.exit_status)
    except OSError as error:
        file = f": {error.filename}" if error.filename else ""
        return fail(f"{error.strerror or error}{file}. {UNCHANGED}")
    except KeyboardInterrupt:
        return fail(f"interrupted. {UNCHANGED}", INTERRUPTED)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or find_spec(package):  # a module of the project, or of a package that is installed
            raise
        return fail(f"the module {package} is missing: install its package, or correct the import")
    except Exception as error:
        if stop_requested():  # a library has replaced the KeyboardInterrupt by another exception
            return fail(f"interrupted. {UNCHANGED}", INTERRUPTED)
        if isinstance(error, MemoryError) or any(text in str(error) for text in MEMORY_ERRORS):
            return fail(f"not enough memory. {UNCHANGED}")
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
        self.stream = sys.stderr  # a progress line replaces it, to print above itself
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
