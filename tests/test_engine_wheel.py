"""The engine alone, built and installed as docs/pipeline/reuse.md says, runs the project of that page."""

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.docs.pages import read_page
from tests.make.common import clean_environment
from tests.processes import ROOT

pytestmark = pytest.mark.slow

BLOCKS = read_page(ROOT / "docs/pipeline/reuse.md").blocks


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the project of the page, without a folder `pipeline`, and beside it a Python with the wheel installed."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run([*wheel, str(ROOT / "pipeline/engine")], check=True)
    venv.create(tmp_path / ".venv", symlinks=True)
    (site,) = (tmp_path / ".venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # without the .pth files in it

    (tmp_path / "dice/stages").mkdir(parents=True)
    for block in BLOCKS:
        if "file" in block.marks:
            (tmp_path / block.marks["file"]).write_text(block.text)
    (include,) = (block.text for block in BLOCKS if block.language == "make" and "file" not in block.marks)
    makefile = tmp_path / "dice/Makefile"
    makefile.write_text(makefile.read_text().replace("include pipeline/engine/rules.mk\n", include))
    (tmp_path / "dice/weights.txt").write_text("1 1 1 1 1 1")
    return tmp_path / "dice"


def make(project: Path, *arguments: str) -> list[str]:
    environment = {name: value for name, value in clean_environment().items() if name != "PYTHONPATH"}
    environment["PATH"] = f"{project.parent}/.venv/bin{os.pathsep}{environment['PATH']}"
    done = subprocess.run(["make", *arguments], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line.partition(" -> ")[2] for line in done.stdout.splitlines() if " -> " in line]


def test_project_runs_with_the_installed_engine(project: Path) -> None:
    assert make(project, "chart") == ["artifacts/throw", "artifacts/expect", "artifacts/chart"]
    assert make(project, "chart") == []
    (project / "weights.txt").write_text("1 1 1 1 1 5")
    assert make(project, "chart") == ["artifacts/expect", "artifacts/chart"]
    assert make(project, "chart", "THROWS=7") == ["artifacts/throw", "artifacts/chart"]


def test_wheel_has_the_version_of_the_project(project: Path) -> None:
    (metadata,) = project.parent.glob(".venv/lib/python*/site-packages/*.dist-info/METADATA")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert metadata.parent.name == f"handwriting_engine-{version}.dist-info"
    assert "Requires-Dist: numpy" in metadata.read_text()
