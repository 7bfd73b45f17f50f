"""Which command needs which package: the table of the FAQ, against the imports."""

import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from stages.__main__ import find_modules
from tests.processes import ROOT, environment

ROW = re.compile(r"\| (SciPy|Matplotlib|NumPy|Dask|ONNX|Typer) \| \d+ \| (all)?(.*) \|")


def test_table_lists_the_commands_that_can_import_each_package() -> None:
    graph = grimp.build_graph(
        "pipeline",
        "stages",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    rows = ROW.findall((ROOT / "docs/faq.md").read_text())
    assert len(rows) == 6
    for package, every, rest in rows:
        named = set(re.findall("`([a-z]+)`", rest))
        commands = set(find_modules()) - named if every else named
        assert commands == {
            name for name, module in find_modules().items() if graph.find_shortest_chain(module, package.lower())
        }


@pytest.mark.slow
def test_picture_is_read_without_the_packages_of_other_commands(tmp_path: Path) -> None:
    others = ("matplotlib", "onnx", "dask", "distributed", "pooch", "pypdfium2", "scipy.ndimage", "numpy.ma", "jinja2")
    code = "import sys; sys.modules.update(dict.fromkeys(sys.argv.pop(1).split()))\n"
    code += "from stages.__main__ import main; main()"
    for line in (["--help"], ["classify", str(ROOT / "pictures/example.jpg")]):
        command = [sys.executable, "-c", code, " ".join(others), *line]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
