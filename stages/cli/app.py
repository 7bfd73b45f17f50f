"""What the command line looks like: Typer's application of some commands, with their options, panels and examples."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from pipeline.engine.provenance import environment
from pipeline.engine.stage import Stage

PROGRAM = "handwriting"

WIDEST = 20  # characters that choices may take beside their option, for the help to fit into 80

Act = Callable[[Stage[Any], dict[str, Any], bool], Any]  # what is done when a stage is called: with arguments, by force


def build(commands: Mapping[str, Sequence[Callable[..., Any]]], act: Act) -> Any:
    """The application of `commands`, which come in panels, each by its title."""
    whole = len(commands) > 1  # then it is the program, which shells know, and not the module of one command
    more = f"`{PROGRAM} COMMAND --help` shows a command's options, and examples."
    app = typer.Typer(rich_markup_mode="markdown", add_completion=whole, epilog=more)

    @app.callback()
    def handwriting(
        show_version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
        ] = False,
    ) -> None:
        """Handwriting recognition from scratch: a network in plain NumPy, trained by a pipeline of stages.

        Each stage reads the artifacts of earlier ones and publishes its own; `make train` runs what is needed.
        """

    for panel, members in commands.items():
        for command in members:
            function = _with_signature(command, act) if isinstance(command, Stage) else command
            text, examples = read_examples(command)
            epilog = "\n\n".join(["Examples:", *(f"- `{example}`" for example in examples)]) if examples else None
            app.command(help=text, epilog=epilog, rich_help_panel=panel)(function)
    built: Any = typer.main.get_command(app)
    functions = {command.__name__: command for members in commands.values() for command in members}
    _tidy(built, handwriting)
    for name, command in built.commands.items():
        _tidy(command, functions[name])
    return built


def read_examples(command: Callable[..., Any]) -> tuple[str, list[str]]:
    """The docstring of a command without its examples, and these: its last paragraph, `Examples:` and one a line."""
    text, _, examples = inspect.cleandoc(command.__doc__ or "").partition("\n\nExamples:\n")
    return text, [line.strip() for line in examples.splitlines()]


def complete_dataset(incomplete: str) -> list[str]:
    """The data sets whose names begin so, for a shell that asks."""
    from pipeline.data.catalogue import CUSTOM, DATASETS

    return [name for name in (*DATASETS, CUSTOM) if name.startswith(incomplete)]


def _with_signature(stage: Stage[Any], act: Act) -> Callable[..., Any]:
    """A function with the signature of the stage and --force, which acts."""

    def command(*, force: bool, **arguments: Any) -> Any:
        return act(stage, arguments, force)

    option = Annotated[bool, typer.Option("--force", help="Work even if the result is there already.")]
    parameter = inspect.Parameter("force", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
    parameters = [*stage.signature.parameters.values(), parameter]
    functools.update_wrapper(command, stage.function)
    command.__annotations__ = {**stage.function.__annotations__, "force": option}
    command.__signature__ = stage.signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return command


def _tidy(command: Any, function: Callable[..., Any]) -> None:
    """A flag has no value to tell the type of; and a long list of choices is text, which breaks at words."""
    hints = get_type_hints(function)
    for parameter in command.get_params(typer.Context(command)):
        choices = ", ".join(_choices(hints.get(parameter.name)))
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
        elif len(choices) > WIDEST:
            parameter.metavar = "<name>"
            parameter.help = f"{parameter.help} One of {choices}."


def _choices(hint: Any) -> list[str]:
    return (
        list(get_args(hint)) if get_origin(hint) is Literal else [c for part in get_args(hint) for c in _choices(part)]
    )


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {environment([PROGRAM])[PROGRAM]}")
        raise typer.Exit
