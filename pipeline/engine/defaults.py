"""Defaults of options in pyproject.toml."""

import importlib
import tomllib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.engine import STAGES
from pipeline.engine.errors import UsageError

FILE = Path("pyproject.toml")  # in the working directory


def load_defaults(commands: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the defaults for these commands, of click, by name and parameter.

    Those of the command NAME are in the table [tool.stages.NAME], or [tool.X.NAME] if stages/__init__.py has TABLE = X.
    Its keys are options without the leading dashes; its values become text, so that they are checked as on the command
    line. Raises UsageError for an unknown option or command: a misspelt default would otherwise be ignored.
    """
    table_name = getattr(importlib.import_module(STAGES), "TABLE", STAGES)
    try:
        tables = tomllib.loads(FILE.read_text(encoding="utf-8")).get("tool", {}).get(table_name, {})
        tables = {name: dict(table) for name, table in tables.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{FILE} cannot be read ({error}): write defaults as in [tool.{table_name}.train]") from None
    found: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        if not (name.isidentifier() and find_spec(f"{STAGES}.{name}")):
            raise UsageError(f"{FILE} has a table [tool.{table_name}.{name}], but there is no such command: correct it")
        parameters = commands[name].params if name in commands else []
        options = {option.lstrip("-"): each for each in parameters for option in each.opts if option[0] == "-"}
        for option, value in table.items() if name in commands else ():
            if option not in options:
                raise UsageError(f"{FILE} sets '{option}', but {name} has no such option: correct it")
            texts = [str(item) for item in (value if isinstance(value, list) else [value])]
            chosen = options[option]
            found.setdefault(name, {})[chosen.name] = texts if chosen.multiple else ",".join(texts)
    return found
