"""Variables of make: `EPOCHS=3` is the option `--epochs` of each stage that has it."""

import inspect
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from pipeline.engine.declaration import Declaration
from pipeline.engine.errors import UsageError
from pipeline.engine.terminal import suggest

FLAG = {"1": True, "0": False}
TYPE_ADVICE = {int: "use a whole number", float: "use a number"}
SET = re.compile(r"(\b(?:add|give|try|use) )?(?<![\w-])(--[a-z][a-z-]*)( (?=\S))?")  # an option in an error message

Variables = Mapping[str, str]  # as they are written on the command line of make


def list_variables(stage: Declaration[Any]) -> dict[str, inspect.Parameter]:
    """Return the arguments of a stage that make can set, by variable. The inputs and the output have no variable."""
    without = (*stage.inputs, stage.output)
    parameters = [each for each in stage.signature.parameters.values() if each.name not in without]
    return {name_option(each)[2:].replace("-", "_").upper(): each for each in parameters}


def name_option(parameter: inspect.Parameter) -> str:
    """Return the long option of an argument: `--batch-size`, or what its Typer option declares."""
    option = _option(parameter)
    declared = [option.default, *(option.param_decls or ())] if option else []  # in Annotated, the first is the default
    names = [each for each in declared if isinstance(each, str) and each.startswith("--")]
    return names[0].partition("/")[0] if names else f"--{parameter.name.replace('_', '-')}"


def parse_variables(stage: Declaration[Any], variables: Variables) -> dict[str, Any]:
    """Return the arguments of a stage, given variables that may belong to other stages as well.

    The variable of a flag is 1 or 0. Of a Typer option, the names, `min`, `max`, `envvar`, `parser` and `callback`
    count. Raises UsageError for a value that is not valid, or if one without a default is missing.
    """
    arguments = {name: each.default for name, each in stage.signature.parameters.items()}
    for variable, parameter in list_variables(stage).items():
        environment = getattr(_option(parameter), "envvar", None) or ()
        names = [environment] if isinstance(environment, str) else environment
        given = {name: os.environ[name] for name in names if os.environ.get(name)}
        if variable in variables:
            given = {variable: variables[variable]}
        for name, text in given.items():
            try:
                arguments[parameter.name] = _convert(text, parameter)
            except ValueError as error:
                raise UsageError(f"{name}={text}: {error}") from None
    for name, value in arguments.items():
        if value is inspect.Parameter.empty:
            raise UsageError(f"{name.upper()} is missing: give it a value")
    return arguments


def in_words_of_make(text: str, stages: Iterable[Declaration[Any]]) -> str:
    """Return an error message with the variables of make in place of the options: FROM=PATH, not --from PATH."""
    known = {name_option(each): name for stage in stages for name, each in list_variables(stage).items()}

    def rename(found: re.Match[str]) -> str:
        verb, option, space = found.groups(default="")
        return f"{verb}{known[option]}{'=' if verb and space else space}" if option in known else found[0]

    return SET.sub(rename, text)


def _option(parameter: inspect.Parameter) -> Any:
    """Return the Typer option in the annotation of an argument, None if there is none."""
    return next((each for each in getattr(parameter.annotation, "__metadata__", ()) if hasattr(each, "envvar")), None)


def _convert(text: str, parameter: inspect.Parameter) -> Any:
    """Return the value of an argument. Raises ValueError that says what to give instead."""
    kind, option = parameter.annotation, _option(parameter)
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    kinds = [each for each in get_args(kind) if each is not type(None)]
    one = kinds[0] if type(None) in get_args(kind) and len(kinds) == 1 else kind
    if option and option.parser:
        value = option.parser(text)
    elif one is bool:
        if text not in FLAG:
            raise ValueError("use 1 or 0")
        value = FLAG[text]
    else:
        value = _convert_to(text, one)
    if option and option.min is not None and value < option.min:
        raise ValueError(f"use at least {option.min}")
    if option and option.max is not None and value > option.max:
        raise ValueError(f"use at most {option.max}")
    if option and option.callback and len(inspect.signature(option.callback).parameters) == 1:
        try:
            value = option.callback(value)
        except Exception as error:
            if hasattr(error, "format_message"):  # Typer's BadParameter
                raise ValueError(error.message) from None  # type: ignore[attr-defined]
            raise
    return value


def _convert_to(text: str, kind: Any) -> Any:
    if kind is Path and not text:
        raise ValueError("give a path")
    if kind in (str, Path):
        return kind(text)
    try:
        return msgspec.convert(text, kind, strict=False, dec_hook=lambda other, given: other(given))
    except msgspec.ValidationError as error:
        choices = [*map(str, get_args(kind))] if get_origin(kind) is Literal else []
        advice = suggest(text, choices) or (f"use one of {', '.join(choices)}" if choices else str(error))
        raise ValueError(TYPE_ADVICE.get(kind, advice)) from None
