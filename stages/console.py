"""How the commands speak: results to stdout, progress and errors to stderr, and an exit status."""

import contextlib
import functools
import inspect
import io
import logging
import os
import signal
import sys
import tomllib
from collections.abc import Callable, Generator, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from pipeline.engine import stage as engine
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import Stage

PROGRAM = "handwriting"
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
NOTES = "HANDWRITING_NOTES"  # the folder where make wants to find which result a stage has left published
UNTOUCHED = "What was there before is as it was"

Command = Callable[..., str | Iterator[str]]  # what it has to say: at its end, or line by line as it comes


def run_module(command: Command) -> None:
    """What `python -m stages.NAME` does: the same as `handwriting NAME`."""
    sys.exit(run([command], [command.__name__, *sys.argv[1:]]))


def read_arguments(stage: Stage[Any], line: Sequence[str]) -> dict[str, Any]:
    """What the stage is called with if `line` follows its name, with the defaults that pyproject.toml declares.

    Raises what `run` turns into a message if the line is wrong.
    """
    app = typer.main.get_command(_application([_with_signature(stage, lambda arguments, force: arguments)]))
    defaults = _declared_defaults(app, Path("pyproject.toml"))
    arguments = [stage.name, *line]
    return dict(app.main(arguments, prog_name=PROGRAM, standalone_mode=False, default_map=defaults))


def run(commands: Sequence[Command], arguments: Sequence[str]) -> int:
    """Run the command that `arguments` begin with, print what it has to say, and give the exit status.

    A command returns what it has to say, or an iterator of lines, which are printed as they come. Meanwhile it may show
    a bar of tqdm's, which steps aside for what is printed or logged. 0: done. 1: the work failed. 2: it was asked for
    wrongly. 130: interrupted. Never a traceback for what a user can do something about.
    """
    _prepare_process()
    names = [command.__name__ for command in commands]
    prefix = next((f"{PROGRAM} {argument}" for argument in arguments if argument in names), PROGRAM)

    def fail(message: str, status: int) -> int:
        print(f"{prefix}: {' '.join(message.split())}", file=sys.stderr, flush=True)
        return status

    try:
        app = typer.main.get_command(_application(commands))
        defaults = _declared_defaults(app, Path("pyproject.toml"))
        result = app.main(list(arguments or ["--help"]), prog_name=PROGRAM, standalone_mode=False, default_map=defaults)
        if result == INTERRUPTED:  # which Typer has met
            raise KeyboardInterrupt
        unheard = _say(result)
        if unheard:
            return fail(unheard, PipelineError.exit_status)
    except typer.TyperException as error:  # what the command line itself finds wrong
        message = error.format_message().rstrip(".") + _place(error)
        return fail(f"{message}{'' if message.endswith('?') else '.'} See: {prefix} --help", error.exit_code)
    except PipelineError as error:
        return fail(str(error), error.exit_status)
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return fail(f"{error.strerror or error}{place}. {UNTOUCHED}", PipelineError.exit_status)
    except MemoryError:
        return fail(f"not enough memory. {UNTOUCHED}", PipelineError.exit_status)
    except (KeyboardInterrupt, typer.Abort):
        return fail(f"interrupted. {UNTOUCHED}", INTERRUPTED)
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
                what = (
                    "done, but there is no room to say so" if isinstance(result, str) else "there is no room for more"
                )
                return f"{what}: {error.strerror}"
    return ""


def _lines(result: object) -> Generator[str, None, None]:
    if isinstance(result, str):
        yield result
    elif isinstance(result, Iterator):  # what else there is comes of --help and --version
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


def _prepare_process() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a class name that the terminal cannot show is no reason to fail
    progress = _Progress(sys.stderr)
    for name in ("pipeline", "stages", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).addHandler(progress)
    for kind in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(kind) is signal.SIG_DFL:
            signal.signal(kind, signal.default_int_handler)  # whoever is asked to stop tidies up first


def _place(error: Any) -> str:
    """Where a wrong value stands, if that is not the command line."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    source = context and parameter and context.get_parameter_source(parameter.name)
    return " (in pyproject.toml)" if source and source.name == "DEFAULT_MAP" else ""


def _application(commands: Sequence[Command]) -> typer.Typer:
    app = typer.Typer(rich_markup_mode="markdown", context_settings={"max_content_width": 100})

    @app.callback()
    def handwriting(
        show_version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
    ) -> None:
        """Handwriting recognition from scratch: a network in plain NumPy, trained by a pipeline of stages.

        Each stage reads the artifacts of earlier ones and publishes its own; `make train` runs what is needed.
        """

    for command in commands:
        if isinstance(command, Stage):
            command = _with_signature(command, functools.partial(_run_stage, command))
        app.command()(command)
    return app


def _run_stage(stage: Stage[Any], arguments: dict[str, Any], force: bool) -> str:
    outcome = engine.run(stage, arguments, force)
    notes = os.environ.get(NOTES)
    if notes:
        with contextlib.suppress(OSError):
            Path(notes, f"{stage.name}.entry").write_text(f"{outcome.entry.name}\n")
    return outcome.said


def _with_signature(stage: Stage[Any], call: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the signature of the stage and --force, which calls `call(arguments, force=…)`."""

    def command(*, force: bool, **arguments: Any) -> Any:
        return call(arguments, force=force)

    option = Annotated[bool, typer.Option("--force", help="Work even if the result is there already.")]
    parameter = inspect.Parameter("force", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
    parameters = [*stage.signature.parameters.values(), parameter]
    functools.update_wrapper(command, stage.function)
    command.__annotations__ = {**stage.function.__annotations__, "force": option}
    command.__signature__ = stage.signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return command


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
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read ({error})") from None
    tool = declared.get("tool", {})
    tables = tool.get(PROGRAM, {}) if isinstance(tool, dict) else tool
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise UsageError(f"{path} must have a table for each command, as in [tool.{PROGRAM}.train]")
    defaults: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        if not name.isidentifier() or not Path(__file__).with_name(f"{name}.py").exists():
            raise UsageError(f"{path} has a table [tool.{PROGRAM}.{name}], but there is no such command")
        if name not in app.commands:
            continue  # `python -m stages.train` has no other command than its own
        options = {
            option.lstrip("-"): parameter.name for parameter in app.commands[name].params for option in parameter.opts
        }
        for option, value in table.items():
            if option not in options:
                raise UsageError(f"{path} sets '{option}' for {name}, which has no such option")
            text = ",".join(map(str, value)) if isinstance(value, list) else value
            defaults.setdefault(name, {})[options[option]] = text
    return defaults
