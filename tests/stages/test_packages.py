"""Each stage declares the packages whose version can change its result: those that its modules import."""

import ast
import importlib
import re
import sys
import tomllib
from collections.abc import Iterable

import pytest

from pipeline.engine.fingerprint import fingerprint
from pipeline.engine.make import find_stages
from tests.processes import ROOT

# Packages for options, progress, downloads, documents, thread limits, markup and types. None computes a result.
WITHOUT_RESULT = {
    "pooch",
    "_typeshed",
    "markupsafe",
    "msgspec",
    "requests",
    "rich",
    "threadpoolctl",
    "typer",
    "urllib3",
}
# Packages without effect on the result of a single stage: download verifies its files by their sha256, and has the
# versions of the others in its parameters if it converts pictures.
EXCEPTIONS = {"download": {"numpy", "pillow", "pooch", "scipy"}}
DISTRIBUTIONS = {"PIL": "pillow"}  # by module, where the names differ
# Not imported by our modules: onnx uses protobuf, and the file contains the version of this project.
INDIRECT = {"onnx": {"protobuf", "handwriting"}}


def find_packages(files: Iterable[str]) -> set[str]:
    modules: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse((ROOT / file).read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module)
    tops = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"pipeline", "stages"}
    packages = {DISTRIBUTIONS.get(top, top) for top in tops}
    return packages.union(*(INDIRECT.get(package, set()) for package in packages))


def test_imported_packages_are_dependencies() -> None:
    files = [path for folder in ("pipeline", "stages") for path in ROOT.glob(f"{folder}/**/*.py")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["pdf"]]
    dependencies = {re.split("[<>=]", dependency)[0] for dependency in required}
    assert find_packages(map(str, files)) <= dependencies | INDIRECT["onnx"]


@pytest.mark.parametrize("name", [stage.name for stage in find_stages()])
def test_declared_packages_equal_imported_packages(name: str) -> None:
    stage = getattr(importlib.import_module(f"stages.{name}"), name)
    imported = find_packages(fingerprint(stage.function))
    assert set(stage.packages) == imported - WITHOUT_RESULT - EXCEPTIONS.get(name, set())
