"""Defaults of options from pyproject.toml."""

import tomllib
from pathlib import Path
from typing import Any

from pipeline.engine.errors import UsageError

PYPROJECT = Path("pyproject.toml")
STAGES = Path(__file__).parent.parent  # one module per command; `python -m stages.train` imports only its own


def load_defaults(command: Any, program: str, path: Path = PYPROJECT) -> dict[str, Any]:
    """Return the values of the table [tool.PROGRAM.COMMAND], by parameter name.

    Its keys are options without the leading dashes; its values become text, so that they are checked as on the command
    line. Raises UsageError for an unknown option or command, because a misspelt default would otherwise be ignored
    silently.
    """
    try:
        with open(path, "rb") as file:
            declared = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read ({error}): correct it") from None
    tool = declared.get("tool", {})
    tables = tool.get(program, {}) if isinstance(tool, dict) else tool
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise UsageError(
            f"{path} is invalid: write the options of a command into a table, as in [tool.{program}.train]"
        )
    commands = sorted(module.stem for module in STAGES.glob("[!_]*.py"))
    unknown = next((name for name in tables if name not in commands), None)
    if unknown is not None:
        raise UsageError(
            f"{path} has a table [tool.{program}.{unknown}], but there is no such command: "
            f"choose one of {', '.join(commands)}"
        )
    options = {name.lstrip("-"): parameter for parameter in command.params for name in parameter.opts if name[0] == "-"}
    defaults: dict[str, Any] = {}
    for option, value in tables.get(command.name, {}).items():
        if option not in options:
            raise UsageError(f"{path} sets '{option}', but {command.name} has no such option: correct it")
        texts = [str(item) for item in (value if isinstance(value, list) else [value])]
        parameter = options[option]
        defaults[parameter.name] = texts if parameter.multiple else ",".join(texts)
    return defaults
