"""The packages that the code imports are dependencies."""

import ast
import itertools
import re
import sys
import tomllib

from tests.processes import ROOT

DISTRIBUTIONS = {"PIL": "pillow"}  # by module, where the names differ


def test_imported_packages_are_dependencies() -> None:
    modules: set[str] = set()
    for file in [path for folder in ("pipeline", "stages") for path in ROOT.glob(f"{folder}/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    dependencies = {name for dependency in required for name in re.findall(r"[\w-]+", dependency.partition(">")[0])}
    own = {"pipeline", "stages", "_typeshed", *sys.stdlib_module_names}
    tops = {module.partition(".")[0] for module in modules} - own
    assert {DISTRIBUTIONS.get(top, top) for top in tops} <= dependencies
