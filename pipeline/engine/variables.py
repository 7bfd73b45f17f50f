"""Variables of make: `EPOCHS=3` is the option `--epochs` of each stage that has it."""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.engine.command import parse_line, parser_of
from pipeline.engine.errors import UsageError
from pipeline.engine.stage import Stage

SET = re.compile(r"(\b(?:add|give|try|use) )?(?<![\w-])(--[a-z][a-z-]*)( (?=\S))?")  # an option in an error message

Variables = Mapping[str, str]  # as they are written on the command line of make


@functools.cache
def list_variables(stage: Stage[Any]) -> dict[str, Any]:
    """Return the options that make can set, as Typer makes them, by variable. Inputs and output have no variable."""
    options = {each.name: each for each in parser_of(stage).params}
    names = [name for name in stage.signature.parameters if name not in (*stage.inputs, stage.output)]
    return {options[name].opts[0][2:].replace("-", "_").upper(): options[name] for name in names}


def parse_variables(stage: Stage[Any], variables: Variables) -> dict[str, Any]:
    """Return the arguments of a stage, given variables that may belong to other stages as well.

    The variable of a flag is 1 or 0. Raises UsageError for a value that is not valid, or if one without a default is
    missing.
    """
    line = []
    for name, option in list_variables(stage).items():
        if name not in variables:
            continue
        value = variables[name]
        if not option.is_flag:
            line.append(f"{option.opts[0]}={value}")
        elif value in ("0", "1"):
            line += option.opts if value == "1" else option.secondary_opts
        else:
            raise UsageError(f"{name}={value}: use 1 or 0")
    arguments = parse_line(stage, line)
    return {name: arguments[name] for name in stage.signature.parameters}


def in_words_of_make(text: str, stages: Iterable[Stage[Any]]) -> str:
    """Return an error message with the variables of make in place of the options: FROM=PATH, not --from PATH."""
    known = {option.opts[0]: name for stage in stages for name, option in list_variables(stage).items()}

    def rename(found: re.Match[str]) -> str:
        verb, option, space = found.groups(default="")
        return f"{verb}{known[option]}{'=' if verb and space else space}" if option in known else found[0]

    return SET.sub(rename, text)
