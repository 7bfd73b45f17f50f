"""Command lines, by Typer: results to stdout, progress and errors to stderr, exit status.

A module stages/NAME.py that ends with

    if __name__ == "__main__":
        main(NAME)

is a command, `python -m stages.NAME`, with an option for each argument of the stage.
"""

import contextlib
import difflib
import functools
import inspect
import io
import logging
import os
import reprlib
import sys
import tomllib
from collections.abc import Callable, Generator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import typer

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.plan import Plan
from pipeline.engine.run import run_stage
from pipeline.engine.signals import end, install_handlers, stop_requested
from pipeline.engine.stage import Stage
from pipeline.engine.terminal import paint, printable

DEFAULTS = Path("pyproject.toml")  # in the working directory; the table [tool.handwriting.NAME] is for the command NAME
TABLE = "handwriting"
INTERRUPTED = 130  # 128 + SIGINT, as in shells
ENDS = {"fresh": ", up to date", "stored": ", restored"}  # of a stage's last line, by the state of the plan
MAX_MESSAGE = 2000  # characters
UNCHANGED = "Existing results are unchanged"
# Messages of other exceptions that mean a lack of memory: for a thread, for a shared library.
MEMORY_ERRORS = ("can't start new thread", "failed to map segment")

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


def run_program(run: Callable[[], int]) -> NoReturn:
    """Exit with the status that `run` returns; signals interrupt it."""
    install_handlers()
    end(run())


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
        text += f" (in {DEFAULTS})"
    return f"{text}{'' if text.endswith('?') else '.'} See: {context.command_path if context else program} --help"


def load_defaults(commands: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the defaults in the tables of DEFAULTS for these commands, of click, by name and parameter.

    Its keys are options without the leading dashes; its values become text, so that they are checked as on the command
    line. Raises UsageError for an unknown option or command: a misspelt default would otherwise be ignored.
    """
    try:
        tables = tomllib.loads(DEFAULTS.read_text(encoding="utf-8")).get("tool", {}).get(TABLE, {})
        tables = {name: dict(table) for name, table in tables.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{DEFAULTS} cannot be read ({error}): write defaults as in [tool.{TABLE}.train]") from None
    found: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        if not (name.isidentifier() and find_spec(f"stages.{name}")):
            raise UsageError(f"{DEFAULTS} has a table [tool.{TABLE}.{name}], but there is no such command: correct it")
        parameters = commands[name].params if name in commands else []
        options = {option.lstrip("-"): each for each in parameters for option in each.opts if option[0] == "-"}
        for option, value in table.items() if name in commands else ():
            if option not in options:
                raise UsageError(f"{DEFAULTS} sets '{option}', but {name} has no such option: correct it")
            texts = [str(item) for item in (value if isinstance(value, list) else [value])]
            chosen = options[option]
            found.setdefault(name, {})[chosen.name] = texts if chosen.multiple else ",".join(texts)
    return found


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


def format_outcome(plan: Plan) -> str:
    """Return the last line of a stage: on a terminal its name, summary and state, elsewhere the line of the engine."""
    if not (sys.stdout.isatty() and plan.manifest):
        return printable(str(plan))
    end = ENDS.get(plan.state, f" -> {plan.output}")
    text = printable(f"{plan.manifest.provenance.stage:<10} {plan.manifest.summary}{end}")
    return f"{paint('OK', 'green', sys.stdout)} {text}"


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
    return dict(invoke(_make_parser(stage), line, f"python -m stages.{stage.name}"))


def run_command(name: str, work: Callable[[], object]) -> int:
    """Call `work`, print the string or the lines that it returns, and return the exit status.

    Lines of an iterator are printed immediately. The status is 0 for success, 1 for failure, 2 for wrong usage, 130 for
    an interruption. A traceback appears only for bugs.

    name: begins the line that reports an error.
    """

    def fail(message: str, status: int = PipelineError.exit_status) -> int:
        line = printable(" ".join(message.split()))
        if len(line) > MAX_MESSAGE:  # a value that it repeats has no limit; what to do stands at the end
            line = f"{line[: MAX_MESSAGE // 2]} ... {line[-MAX_MESSAGE // 2 :]}"
        print(f"{paint(f'{name}:', 'red', sys.stderr)} {line}", file=sys.stderr, flush=True)
        return status

    try:
        _prepare_output()
        _print_result(work())
        return 0
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


def _print_result(result: object) -> None:
    """Print the output of a command. Raises PipelineError if that fails."""
    with contextlib.closing(_lines(result)) as lines:  # so that a generator cleans up even if printing fails
        for line in lines:
            try:
                print(line, flush=True)
            except OSError as error:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # no second error at exit
                if isinstance(error, BrokenPipeError):  # the reader has closed the pipe, as `head -1` does
                    break
                done = "done, but " if isinstance(result, str) else ""
                raise PipelineError(f"{done}cannot write to standard output: {error.strerror}") from None


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
    if not os.environ.get("COLUMNS", "1").strip("0"):
        del os.environ["COLUMNS"]  # rich would print nothing in no columns
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # class names may not be encodable
    for name in ("pipeline", "stages", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).handlers = [_Log()]
