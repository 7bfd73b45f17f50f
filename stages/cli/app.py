"""Build the Typer application: commands, options, panels, examples."""

import functools
import inspect
import reprlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from pipeline.engine.errors import UsageError
from pipeline.engine.provenance import environment
from pipeline.engine.stage import Stage

PROGRAM = "handwriting"

MAX_INTEGER = 2**53  # value of an option; JavaScript and floats represent all integers up to it
MAX_CHOICES = 20  # characters of choices shown next to their option, so that the help fits 80 columns
METAVARS = {int: "N", float: "X", Path: "PATH"}  # of values in the help

Act = Callable[[Stage[Any], dict[str, Any], bool], Any]  # runs a stage: arguments, force


class Group:
    """A command that also has subcommands, as `handwriting runs` has `handwriting runs diff`.

    function: called with its own options, also before a subcommand, whose result replaces that of the function. It can
    take a `typer.Context`, with the name of the subcommand in `invoked_subcommand`.
    """

    def __init__(self, function: Callable[..., Any], *subcommands: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.function, self.subcommands = function, subcommands
        self.__name__: str = function.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)


def build(commands: Mapping[str, Sequence[Callable[..., Any]]], act: Act) -> Any:
    """Return the application. commands: panel title to commands. act: called to run a stage."""
    whole = len(commands) > 1  # False for `python -m stages.NAME`, for which shells have no completion
    epilog = f"Run `{PROGRAM} COMMAND --help` for the options and examples of a command."
    app = typer.Typer(rich_markup_mode="markdown", add_completion=whole, epilog=epilog)

    @app.callback()
    def handwriting(
        show_version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
        ] = False,
    ) -> None:
        """Handwriting recognition from scratch: neural networks in plain NumPy, trained by a pipeline of stages.

        Each stage reads the results of earlier stages and publishes its own. A command such as `handwriting train` runs
        a single stage. In the folder of the project, `make train` first runs the earlier stages that are not up to
        date.
        """

    for panel, group in commands.items():
        for command in group:
            if isinstance(command, Group):
                inner = typer.Typer(rich_markup_mode="markdown")
                inner.callback(invoke_without_command=True, **_texts(command))(_with_check(command.function))
                for subcommand in command.subcommands:
                    inner.command(**_texts(subcommand))(_with_check(subcommand))
                app.add_typer(inner, name=command.__name__, rich_help_panel=panel)
            else:
                function = _with_signature(command, act) if isinstance(command, Stage) else command
                app.command(**_texts(command), rich_help_panel=panel)(_with_check(function))
    built: Any = typer.main.get_command(app)
    _adjust_help(built, Group(handwriting, *(command for group in commands.values() for command in group)))
    return built


def _texts(command: Callable[..., Any]) -> dict[str, Any]:
    """Return the help of a command and, below it, its examples."""
    text, examples = read_examples(command)
    listed = "\n\n".join(["Examples:", *(f"- `{example}`" for example in examples)]) if examples else None
    return {"help": text, "epilog": listed}


def read_examples(command: Callable[..., Any]) -> tuple[str, list[str]]:
    """Return the docstring of a command without its last paragraph, `Examples:`, and the lines of that paragraph."""
    text, _, examples = inspect.cleandoc(command.__doc__ or "").partition("\n\nExamples:\n")
    return text, [line.strip() for line in examples.splitlines()]


def _with_signature(stage: Stage[Any], act: Act) -> Callable[..., Any]:
    """Return a function with the signature of the stage plus --force, that calls `act`."""

    def command(*, force: bool, **arguments: Any) -> Any:
        return act(stage, arguments, force)

    option = Annotated[bool, typer.Option("--force", help="Rerun even if the result is up to date.")]
    parameter = inspect.Parameter("force", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
    parameters = [*stage.signature.parameters.values(), parameter]
    functools.update_wrapper(command, stage.function)
    command.__annotations__ = {**stage.function.__annotations__, "force": option}
    command.__signature__ = stage.signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return command


def _with_check(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command with a check of its integers: too large ones fail in NumPy and Dask in various ways."""

    @functools.wraps(command)
    def checked(**arguments: Any) -> Any:
        for name, value in arguments.items():
            if isinstance(value, int) and abs(value) > MAX_INTEGER:
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"{option} must be at most {MAX_INTEGER:,}, not {reprlib.repr(value)}")
        return command(**arguments)

    return checked


def _adjust_help(command: Any, function: Callable[..., Any]) -> None:
    """Name values and arguments in capitals, and move long choices and defaults into the text, where lines can break.

    Validation does not use what is changed here.
    """
    hints = get_type_hints(function.function if isinstance(function, Group) else function)
    for parameter in command.get_params(typer.Context(command)):
        types = _leaves(hints.get(parameter.name))
        choices = [choice for choice in types if isinstance(choice, str)]
        if parameter.param_type_name == "argument":
            parameter.metavar = name = (parameter.metavar or parameter.name).upper()
            pieces = (name if parameter.required else f"[{name}]") + ("..." if parameter.nargs != 1 else "")
            parameter.get_usage_pieces = lambda context, pieces=pieces: [pieces]
            parameter.display_type_rich = lambda ctx: None
        elif parameter.is_flag:
            parameter.metavar = ""
        elif len(", ".join(choices)) > MAX_CHOICES:
            parameter.metavar = "NAME"
            parameter.help = f"{parameter.help} One of {', '.join(choices)}."
        else:
            named = next((METAVARS[kind] for kind in types if kind in METAVARS), parameter.name.upper())
            parameter.metavar = parameter.metavar or "|".join(choices) or named
        if isinstance(parameter.show_default, str):
            parameter.help, parameter.show_default = f"{parameter.help}  \n[default: {parameter.show_default}]", False
        parameter.min = parameter.max = None
    for subcommand in function.subcommands if isinstance(function, Group) else ():
        _adjust_help(command.commands[subcommand.__name__], subcommand)


def _leaves(hint: Any) -> list[Any]:
    """Return the types in a hint and the values of its literals."""
    return [leaf for part in get_args(hint) for leaf in _leaves(part)] or [hint]


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {environment([PROGRAM])[PROGRAM]}")
        raise typer.Exit
