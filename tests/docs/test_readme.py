"""The README's commands run as they are printed, in order, in a fresh clone."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.docs.pages import read_page
from tests.docs.sessions import run_page
from tests.make.common import edit
from tests.processes import ROOT

pytestmark = pytest.mark.slow


def clone(project: Path) -> None:
    """Copy the files that git knows, as they are now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)


def test_commands_print_what_the_readme_shows(tmp_path: Path) -> None:
    """Nothing is prepared but what replaces the network: installed packages, and the sample in place of MNIST."""
    project = tmp_path / "handwriting"
    clone(project)
    edit(project / "stages/download.py", '= "mnist",', '= "sample",')
    variables = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # python3, of the same version
        "PYTHONPATH": sysconfig.get_path("purelib"),  # whose packages pip takes as installed
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # means "no isolation"
    }
    problems = run_page(read_page(ROOT / "README.md"), project, variables)
    assert not problems, "\n".join(problems)
    assert (project / ".venv/bin/handwriting").exists() and (project / "artifacts/evaluate/metrics.json").exists()
