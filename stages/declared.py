"""The defaults that pyproject.toml declares in place of the options' own."""

import tomllib
from pathlib import Path
from typing import Any

from pipeline.engine.errors import UsageError
from stages.hints import guess

PLACE = Path("pyproject.toml")


def load_declared(app: Any, program: str, path: Path = PLACE) -> dict[str, dict[str, Any]]:
    """What stands under [tool.PROGRAM.COMMAND], by command and by parameter name; of the commands that `app` has.

    Options are written there as on the command line, without the dashes. Raises UsageError for an option that
    a known command has not got, since a misspelt default would otherwise do nothing, silently.
    """
    try:
        with open(path, "rb") as file:
            declared = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read ({error})") from None
    tool = declared.get("tool", {})
    tables = tool.get(program, {}) if isinstance(tool, dict) else tool
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise UsageError(f"{path} must have a table for each command, as in [tool.{program}.train]")
    modules = {module.stem for module in Path(__file__).parent.glob("*.py")}
    defaults: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        if name not in modules:
            hint = guess(name, app.commands)
            raise UsageError(f"{path} has a table [tool.{program}.{name}], but there is no such command{hint}")
        if name not in app.commands:
            continue  # `python -m stages.train` has no other command than its own
        options = {
            option.lstrip("-"): parameter.name for parameter in app.commands[name].params for option in parameter.opts
        }
        for option, value in table.items():
            if option not in options:
                hint = guess(option, options)
                raise UsageError(f"{path} sets '{option}' for {name}, which has no such option{hint}")
            text = ",".join(map(str, value)) if isinstance(value, list) else value
            defaults.setdefault(name, {})[options[option]] = text
    return defaults
