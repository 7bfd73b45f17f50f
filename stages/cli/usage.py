"""Messages for wrong command lines, from the exceptions of Typer and Pydantic."""

import reprlib
from typing import Any

# What a value must be, by the start of the type of Pydantic's error.
EXPECTED = {"int": "a whole number", "float": "a number", "bool": "true or false"}


def describe(error: Any, program: str) -> str:
    """Return one line that says what is wrong, for a ClickException of the click that Typer uses.

    program: whose help the line names, if the exception does not know its command.
    """
    name = error.param.opts[0] if getattr(error, "message", "") and getattr(error, "param", None) else ""
    text = f"{name}{_describe_value(error)}{_source(error)}" if name else error.format_message().rstrip(".")
    command = error.ctx.command_path if getattr(error, "ctx", None) else program
    return f"{text}{'' if text.endswith('?') else '.'} See: {command} --help"


def _describe_value(error: Any) -> str:
    """Return what is wrong with the value of an option, to append to its name."""
    for cause in error.__cause__.errors() if hasattr(error.__cause__, "errors") else ():
        kind, value = cause["type"].partition("_")[0], cause["input"]
        if kind == "greater":
            return f" must be at least {cause['ctx']['ge']}, not {value}"
        if kind in EXPECTED:
            return f" must be {EXPECTED[kind]}, not {reprlib.repr(value)}"
    text = error.message.rstrip(".").removeprefix("Value error, ")
    value, is_choice, choices = text.rpartition(" is not one of '")
    return f" must be one of {choices.replace(chr(39), '')}, not {value}" if is_choice else f": {text}"


def _source(error: Any) -> str:
    """Return where a wrong value comes from, if not from the command line."""
    source = error.ctx and error.ctx.get_parameter_source(error.param.name)
    places = {"DEFAULT_MAP": "pyproject.toml", "ENVIRONMENT": error.param.envvar}
    return f" (in {places[source.name]})" if source and source.name in places else ""
