"""Run the module of a stage as `python -m` does, and fail if it has not run the stage. make starts stages this way.

    python -m pipeline.engine.start stages.throw --sides 20

Without this check, a module that does not call `main` would end with status 0, and the earlier result would be used.
"""

import runpy
import sys
from pathlib import Path
from typing import NoReturn

from pipeline.engine.command import run_command
from pipeline.engine.errors import UsageError


def find_module(module: str) -> tuple[str, str]:
    """Return the name of the stage that a module defines, and its path. Raises UsageError if there is no such file."""
    name, path = module.rpartition(".")[2], f"{module.replace('.', '/')}.py"
    if not Path(path).is_file():  # make runs in the folder of the project
        raise UsageError(f"{path} is missing: write it, or remove {name} from stages in the Makefile")
    return name, path


def start(module: str) -> NoReturn:
    """Run the module. Raises UsageError if it does not exist or does not end the process, as `main` does."""
    name, path = find_module(module)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    raise UsageError(f'{path} has not run the stage: let it end with main({name}), below if __name__ == "__main__"')


if __name__ == "__main__":
    del sys.argv[0]
    if not sys.argv:
        sys.exit("Name a module, as in python -m pipeline.engine.start stages.train")
    sys.exit(run_command(sys.argv[0].rpartition(".")[2], lambda: start(sys.argv[0])))
