"""Run the module of a stage as `python -m` does, and fail if it has not run the stage. make starts stages this way.

    python -m pipeline.engine.start stages.throw --sides 20

Without this check, a module that does not call `main` would end with status 0, and the earlier result would be used.
"""

import runpy
import sys
from pathlib import Path


def find_module(module: str) -> tuple[str, str]:
    """Return the name of the stage that a module defines, and the path of the module; exit if it does not exist."""
    name, path = module.rpartition(".")[2], f"{module.replace('.', '/')}.py"
    if not Path(path).is_file():  # make runs in the folder of the project
        sys.exit(f"{name}: {path} is missing: write it, or remove {name} from stages in the Makefile")
    return name, path


if __name__ == "__main__":
    del sys.argv[0]
    name, path = find_module(sys.argv[0])
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)  # `main` raises SystemExit
    sys.exit(f'{name}: {path} has not run the stage: let it end with main({name}), below if __name__ == "__main__"')
