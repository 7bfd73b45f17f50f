"""Each stage names the packages whose version can change its result: those that its modules import."""

import ast
import importlib
import sys
from collections.abc import Iterable

import pytest

from pipeline.engine.stage import provenance
from tests.processes import ROOT
from tests.stages.common import STAGES

# They take options, show progress, fetch what is then verified, limit threads, mark text, type; none computes a result.
DECIDE_NOTHING = {"_typeshed", "markupsafe", "requests", "threadpoolctl", "tqdm", "typer", "urllib3"}
# What a stage imports without effect on its result: download verifies its files by their sha256.
WITHOUT_EFFECT = {"download": {"numpy"}}
DISTRIBUTIONS = {"PIL": "pillow", "yaml": "pyyaml"}  # where the name of the package is another than the module's
# What no module imports itself: onnx writes by protobuf, and our own version stands in the file.
WRITES_BY = {"onnx": {"protobuf", "handwriting"}}


def find_packages(files: Iterable[str]) -> set[str]:
    """Packages outside the standard library and this project that the modules import, anywhere in them."""
    modules: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse((ROOT / file).read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module)
    tops = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"pipeline", "stages"}
    packages = {DISTRIBUTIONS.get(top, top) for top in tops}
    return packages.union(*(WRITES_BY.get(package, set()) for package in packages))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_names_the_packages_that_compute_its_result(name: str) -> None:
    stage = getattr(importlib.import_module(f"stages.{name}"), name)
    recorded = provenance(stage, {}, {})
    imported = find_packages(file for file in recorded.code if file.endswith(".py"))
    named = recorded.environment.keys() - {"python"}
    assert named == imported - DECIDE_NOTHING - WITHOUT_EFFECT.get(name, set())
