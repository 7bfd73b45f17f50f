"""Defaults of options from pyproject.toml."""

import tomllib
from pathlib import Path
from typing import Any

from pipeline.engine.errors import UsageError

PYPROJECT = Path("pyproject.toml")
STAGES = Path(__file__).parent.parent  # one module per command; `python -m stages.train` imports only its own


def load_defaults(command: Any, program: str, path: Path = PYPROJECT) -> dict[str, Any]:
    """Return the values of the table [tool.PROGRAM.COMMAND], by parameter name.

    Its keys are options without the leading dashes; its values become text. A subcommand has a table in that of its
    command. Raises UsageError for an unknown option or command, because a misspelt default would otherwise be ignored
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
            f"{path} is invalid: write the options of a command into a table, such as [tool.{program}.train]"
        )
    commands = sorted(module.stem for module in STAGES.glob("[!_]*.py"))
    for name in tables:
        if name not in commands:
            raise UsageError(
                f"{path} has a table [tool.{program}.{name}], but there is no such command: "
                f"choose one of {', '.join(commands)}"
            )
    return _read_table(command, command.name, tables.get(command.name, {}), path)


def _read_table(command: Any, name: str, table: dict[str, Any], path: Path) -> dict[str, Any]:
    options = {
        option.lstrip("-"): parameter for parameter in command.params for option in parameter.opts if option[0] == "-"
    }
    subcommands = getattr(command, "commands", {})
    defaults: dict[str, Any] = {}
    for option, value in table.items():
        if option in subcommands and isinstance(value, dict):
            defaults[option] = _read_table(subcommands[option], f"{name} {option}", value, path)
            continue
        if option not in options:
            raise UsageError(f"{path} sets '{option}', but {name} has no such option: correct it")
        if isinstance(value, dict):
            raise UsageError(f"{path} has a table '{option}' for {name}: write a value, as in {option} = ...")
        texts = [_format(item) for item in (value if isinstance(value, list) else [value])]
        parameter = options[option]
        defaults[parameter.name] = texts if parameter.multiple else ",".join(texts)
    return defaults


def _format(value: Any) -> str:
    """Return a value as on the command line, so that it is checked in the same way."""
    return str(value).lower() if isinstance(value, bool) else str(value)
