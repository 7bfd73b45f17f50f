"""Which command needs which package: the table of the FAQ, against the imports."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import grimp
import pytest

from stages.__main__ import find_modules
from tests.processes import ROOT, capture

ROW = re.compile(r"\| (SciPy|Matplotlib|NumPy|Dask|Typer) \| \d+ \| (all)?(.*) \|")


def test_table_lists_the_commands_that_can_import_each_package() -> None:
    graph = grimp.build_graph(
        "pipeline",
        "stages",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    rows = ROW.findall((ROOT / "docs/faq.md").read_text())
    assert len(rows) == 5
    for package, every, rest in rows:
        named = set(re.findall("`([a-z]+)`", rest))
        commands = set(find_modules()) - named if every else named
        assert commands == {
            name for name, module in find_modules().items() if graph.find_shortest_chain(module, package.lower())
        }


def run_without(packages: Sequence[str], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as if these packages were not installed."""
    code = "import sys; sys.modules.update(dict.fromkeys(sys.argv.pop(1).split()))\n"
    code += "from stages.__main__ import main; main()"
    command = [sys.executable, "-c", code, " ".join(packages), *arguments]
    return capture(command, cwd=folder)


@pytest.mark.slow
def test_picture_is_read_without_the_packages_of_other_commands(tmp_path: Path) -> None:
    others = ("matplotlib", "onnx", "dask", "distributed", "pooch", "pypdfium2", "scipy", "numpy.ma")
    for line in (["--help"], ["classify", str(ROOT / "pictures/example.jpg")]):
        done = run_without(others, tmp_path, *line)
        assert done.returncode == 0, done.stderr


OF_EXTRAS = ("scipy", "matplotlib", "pypdfium2", "onnx")


@pytest.mark.slow
def test_pipeline_runs_without_any_extra(tmp_path: Path) -> None:
    for line in ("download --dataset sample", "parse", "normalize", "train --recipe quick", "evaluate", "export"):
        done = run_without(OF_EXTRAS, tmp_path, *line.split())
        assert done.returncode == 0, done.stderr
    for words in (["predict", "artifacts/parse/test-images.npy"], ["classify", str(ROOT / "pictures/example.jpg")]):
        done = run_without(OF_EXTRAS, tmp_path, *words)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("command", "package"), [("classify", "scipy"), ("report", "matplotlib")])
def test_command_without_its_extra_names_what_installs_it(
    command: str, package: str, built: Path, tmp_path: Path
) -> None:
    inputs = [f"--{name}={built / name}" for name in ("normalize", "train", "evaluate")]
    form = ROOT / "pictures/table.toml"
    arguments = {
        "classify": ["--form", str(form), str(ROOT / "pictures/scans/table.png")],
        "report": [*inputs, "--output=report"],
    }
    done = run_without(OF_EXTRAS, tmp_path, command, *arguments[command])
    assert done.returncode == 2
    assert re.fullmatch(rf"\w+: .* -m pip install '{package}>=[\d.]+'\n", done.stderr)
