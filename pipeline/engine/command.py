"""Commands, by Typer, from functions and stages.

A module stages/NAME.py that ends with

    if __name__ == "__main__":
        main(NAME)

is a command, `python -m stages.NAME`, with an option for each argument of the stage.
"""

import difflib
import functools
import inspect
import reprlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NoReturn

import typer

from pipeline.engine import STAGES
from pipeline.engine.defaults import FILE, load_defaults
from pipeline.engine.errors import UsageError
from pipeline.engine.program import INTERRUPTED, run_command, run_program
from pipeline.engine.run import format_outcome, run_stage
from pipeline.engine.stage import Stage

Command = Callable[..., Any]  # a stage, or a function with Typer's annotations that returns its output or yields lines


def main(command: Command | typer.Typer) -> NoReturn:
    """Run the command with the options in `sys.argv`, print its output, and exit with its status."""
    module = sys.modules[sys._getframe(1).f_globals["__name__"]]
    if module.__name__ != "__main__":
        raise UsageError(
            f'{module.__name__} calls main when it is imported: put the call below if __name__ == "__main__"'
        )
    program = module.__spec__.name if module.__spec__ else str(module.__file__)
    name, app = program.rpartition(".")[2], make_app(command)
    run_program(lambda: run_command(name, lambda: invoke(app, sys.argv[1:], f"python -m {program}")))


def invoke(app: typer.Typer, line: Sequence[str], program: str) -> Any:
    """Return what the command of the application returns. Raises UsageError for a wrong command line."""
    command: Any = typer.main.get_command(app)
    known = getattr(command, "commands", {command.name: command})
    values = load_defaults(known) if {"--help", "--version"}.isdisjoint(line) else {}
    values = values if hasattr(command, "commands") else values.get(command.name, {})
    try:
        result = command.main(list(line), prog_name=program, standalone_mode=False, default_map=values)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        if hasattr(error, "format_message"):  # a ClickException, of the click that Typer uses
            raise UsageError(_describe(error, program)) from None
        raise
    if result == INTERRUPTED:  # Typer has caught the KeyboardInterrupt
        raise KeyboardInterrupt
    return result  # 0 from --help, --version and similar


def _describe(error: Any, program: str) -> str:
    """Return one line that says what is wrong, with the choice or option that is spelled most like it."""
    text = error.format_message().rstrip(".").replace("Value error, ", "")  # of Pydantic
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    before, _, choices = text.partition("' is not one of '")
    near = difflib.get_close_matches(before.rpartition("'")[2], choices.rstrip("'").split("', '"), 1)
    if choices and near:
        text += f": did you mean {near[0]}?"
    elif hasattr(error.__cause__, "errors") and not choices:  # of Pydantic, whose text does not say the value
        text += f", but it is {reprlib.repr(error.__cause__.errors()[0]['input'])}"
    if context and parameter and str(context.get_parameter_source(parameter.name)).endswith("DEFAULT_MAP"):
        text += f" (in {FILE})"
    return f"{text}{'' if text.endswith('?') else '.'} See: {context.command_path if context else program} --help"


def make_app(command: Command | typer.Typer) -> typer.Typer:
    """Return an application with this command alone, or the application itself."""
    if isinstance(command, typer.Typer):
        return command
    app = typer.Typer(rich_markup_mode="markdown", add_completion=False)
    add_command(app, command)
    return app


def add_command(app: typer.Typer, command: Command | typer.Typer, panel: str | None = None) -> None:
    """Add a command, or an application of several, to an application. panel: title in the help, above it and others."""
    if isinstance(command, typer.Typer):
        app.add_typer(command, rich_help_panel=panel)
    else:
        function = _with_force(command, _run) if isinstance(command, Stage) else command
        app.command(name=command.__name__, rich_help_panel=panel, **format_texts(command))(function)


def format_texts(command: Command) -> dict[str, Any]:
    """Return the arguments `help` and `epilog` of Typer: the docstring of a command and, below it, its examples."""
    text, found, examples = inspect.cleandoc(command.__doc__ or "").partition("\n\nExamples:\n")
    listed = "\n\n".join(["Examples:", *(f"- `{line.strip()}`" for line in examples.splitlines())])
    return {"help": text, "epilog": listed if found else None}


def _run(stage: Stage[Any], arguments: dict[str, Any], force: bool) -> str:
    return format_outcome(run_stage(stage, arguments, force))


def _with_force(stage: Stage[Any], act: Callable[[Stage[Any], dict[str, Any], bool], Any]) -> Command:
    """Return a function with the signature of the stage plus --force, that calls `act`."""

    def command(*, force: bool, **arguments: Any) -> Any:
        return act(stage, arguments, force)

    option = Annotated[bool, typer.Option("--force", help="Rerun even if the result is up to date.")]
    force = inspect.Parameter("force", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
    parameters = [
        # A parameter without a default is an option, too, where Typer would make it an argument.
        each.replace(annotation=Annotated[each.annotation, typer.Option()]) if each.default is each.empty else each
        for each in (*stage.signature.parameters.values(), force)
    ]
    functools.update_wrapper(command, stage.function)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__signature__ = stage.signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return command


@functools.cache
def _make_parser(stage: Stage[Any]) -> typer.Typer:
    """Return an application that returns the arguments of the stage, instead of running it."""
    app = typer.Typer(add_completion=False)
    app.command(name=stage.name)(_with_force(stage, lambda stage, arguments, force: arguments))
    return app


def list_variables(stage: Stage[Any]) -> dict[str, Any]:
    """Return the variables of make that are options of a stage, each with the parameter of click.

    BATCH_SIZE is the option --batch-size. The inputs and the output have no variable.
    """
    command: Any = typer.main.get_command(_make_parser(stage))
    without = (*stage.inputs, stage.output, "force")
    parameters = {each.opts[0]: each for each in command.params if each.name not in without}
    return {option.lstrip("-").replace("-", "_").upper(): each for option, each in parameters.items()}


def parse_variables(stage: Stage[Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of a stage for those of the variables that are options of it.

    The variable of a flag is 1 or 0. Raises UsageError for a value that is not valid.
    """
    line = []
    for name, parameter in list_variables(stage).items():
        if name in variables and parameter.is_flag:
            options = {"1": parameter.opts, "0": parameter.secondary_opts}
            if variables[name] not in options:
                raise UsageError(f"{name}={variables[name]}: use 1 or 0")
            line += options[variables[name]][:1]
        elif name in variables:
            line.append(f"{parameter.opts[0]}={variables[name]}")
    return dict(invoke(_make_parser(stage), line, f"python -m {STAGES}.{stage.name}"))
