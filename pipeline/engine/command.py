"""Make commands from functions and stages with Typer.

A module stages/NAME.py that ends with

    if __name__ == "__main__":
        main(NAME)

is a command, `python -m stages.NAME`, with an option for each argument of the stage.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, NoReturn, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup
from typer.models import ParameterInfo

from pipeline.engine.errors import UsageError
from pipeline.engine.program import INTERRUPTED, run_command, run_program
from pipeline.engine.run import format_outcome, run_stage
from pipeline.engine.stage import Stage

IN_NO_KEY = "runs stages, and influences no result"

Command = Callable[..., Any]  # a stage, or a function with Typer's annotations that returns its output or yields lines


VALUES = {int: "INTEGER", float: "NUMBER", str: "TEXT", Path: "PATH", bool: ""}  # as the help calls them


class _Help:
    """The help shows no type beside a flag, which takes no value, nor beside an argument, whose name says it."""

    def get_params(self, context: Any) -> list[Any]:
        found: list[Any] = super().get_params(context)  # type: ignore[misc]
        for each in found:
            if getattr(each, "is_flag", False):
                each.metavar = ""
            elif each.param_type_name == "argument":
                each.display_type_rich = lambda ctx: None
        return found


class _Command(_Help, TyperCommand):
    pass


class Group(_Help, TyperGroup):
    """A program with several commands."""


def main(command: Command) -> NoReturn:
    """Run the command with the options in `sys.argv`, print its output, and exit with its status.

    Raises UsageError if it is called while the module of the command is imported.
    """
    module = sys.modules["__main__"]
    if command.__module__ != "__main__" and not any(each is command for each in vars(module).values()):
        raise UsageError(
            f'{command.__module__} calls main when it is imported: put the call below if __name__ == "__main__"'
        )
    program = module.__spec__.name if module.__spec__ else str(module.__file__)
    run = functools.partial(invoke, make_app(command), sys.argv[1:], f"python -m {program}")
    run_program(lambda: run_command(program.rpartition(".")[2], run))


def invoke(app: typer.Typer, line: Sequence[str], program: str) -> Any:
    """Return what the command of the application returns. Raises UsageError for a wrong command line."""
    command: Any = typer.main.get_command(app)
    with _wrong_usage(program):
        result = command.main(list(line), prog_name=program, standalone_mode=False)
    if result == INTERRUPTED:  # Typer has caught the KeyboardInterrupt
        raise KeyboardInterrupt
    return result  # 0 from --help, --version and similar


@functools.cache
def parser_of(command: Command) -> Any:
    """Return what parses the command line of a command, with its options in `params`."""
    return typer.main.get_command(make_app(command))


def parse_line(command: Command, line: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of a command, by name. Raises UsageError for a wrong command line."""
    with _wrong_usage():
        found: dict[str, Any] = parser_of(command).make_context(command.__name__, list(line)).params
        return found


@contextmanager
def _wrong_usage(program: str = "") -> Iterator[None]:
    """Raise UsageError for an error of the parser. program: its help is named, if there is one."""
    try:
        yield
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        if not hasattr(error, "format_message"):  # that of a ClickException, of the click that Typer uses
            raise
        text = error.format_message().rstrip(".").replace("Value error, ", "")  # of Pydantic
        context = getattr(error, "ctx", None)
        see = f"{'' if text.endswith('?') else '.'} See: {context.command_path if context else program} --help"
        raise UsageError(f"{text}{see if program else ''}") from None


def make_app(command: Command) -> typer.Typer:
    """Return an application with this command alone."""
    app = typer.Typer(rich_markup_mode="markdown", add_completion=False)
    add_command(app, command)
    return app


def add_command(app: typer.Typer, command: Command, panel: str | None = None) -> None:
    """Add a command to an application. panel: the title in the help above its group."""
    function = _run_by_options(command) if isinstance(command, Stage) else command
    text, found, examples = inspect.cleandoc(command.__doc__ or "").partition("\n\nExamples:\n")
    listed = "\n\n".join(["Examples:", *(f"- `{line.strip()}`" for line in examples.splitlines())])
    for parameter in inspect.signature(function).parameters.values():
        _name_value(parameter.annotation)
    epilog = listed if found else None
    app.command(command.__name__, cls=_Command, rich_help_panel=panel, help=text, epilog=epilog)(function)


def _name_value(annotation: Any) -> None:
    """Give an option or argument without a metavar that of its type."""
    kind, *others = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    kinds = [each for each in get_args(kind) if each is not NoneType] if get_origin(kind) is not Literal else []
    kind = kinds[0] if kinds else kind
    named = "|".join(get_args(kind)) if get_origin(kind) is Literal else VALUES.get(kind)
    for info in others:
        if isinstance(info, ParameterInfo) and info.metavar is None:
            info.metavar = named


def _make_option(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return a parameter that Typer takes as an option: without a default, it would take one as an argument."""
    declared = any(isinstance(each, ParameterInfo) for each in getattr(parameter.annotation, "__metadata__", ()))
    if declared or parameter.default is not parameter.empty:
        return parameter
    return parameter.replace(annotation=Annotated[parameter.annotation, typer.Option()])


def _run_by_options(stage: Stage[Any]) -> Command:
    """Return a function with the signature of the stage plus --force, that runs it."""

    def command(*, force: bool, **arguments: Any) -> str:
        return format_outcome(run_stage(stage, arguments, force))

    option = Annotated[bool, typer.Option("--force", help="Rerun even if the result is up to date.")]
    force = inspect.Parameter("force", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
    parameters = [_make_option(each) for each in (*stage.signature.parameters.values(), force)]
    functools.update_wrapper(command, stage.function)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__signature__ = stage.signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return command
