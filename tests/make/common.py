"""Run make and stages in copies of this project."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.processes import ROOT, UNFINISHED, capture, start_process, without_network

SAMPLE = ("DATASET=sample", "RECIPE=quick")
Result = subprocess.CompletedProcess[str]


def clean_environment() -> dict[str, str]:
    """Return the environment without variables set by make, pytest or CI."""
    removed = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in removed}


def make(project: Path, *arguments: str, network: bool = True) -> Result:
    command = ["make", *arguments] if network else without_network(["make", *arguments])
    return capture(command, cwd=project, env=clean_environment(), errors="replace", timeout=500)


@functools.cache
def list_stages() -> tuple[str, ...]:
    """Return the stages of `make all`, in order; without an interpreter, make would start all of them."""
    return tuple(re.findall(r"engine\.make run (\w+)", make(ROOT, "--dry-run", "VENV=nowhere", "all").stdout))


def by_hand(name: str, *options: str) -> list[str]:
    return [".venv/bin/python", "-m", f"stages.{name}", *options]


def stage(project: Path, *arguments: str) -> Result:
    """Run a stage without make, as in `stage(project, "train", "--epochs", "3")`."""
    return capture(by_hand(*arguments), cwd=project, env=clean_environment(), errors="replace", timeout=300)


def start(project: Path, *command: str) -> subprocess.Popen[str]:
    """Start a command in a new process group; do not wait for it."""
    return start_process(command, cwd=project, env=clean_environment(), start_new_session=True)


def assert_quiet(project: Path, *arguments: str) -> None:
    assert make(project, "-q", "all", *SAMPLE, *arguments).returncode == 0


def outcome(result: Result) -> dict[str, str]:
    """Return `worked`, `restored` or `up to date` for each stage that make has started."""
    assert result.returncode == 0, result.stderr
    found = {}
    for line in result.stdout.splitlines():
        summary, arrow, name = line.rpartition(" -> artifacts/")
        if arrow:
            found[name] = next((word for word in ("up to date", "restored") if summary.startswith(word)), "worked")
    return found


def stages_run(result: Result) -> list[str]:
    """Return the stages that make has started."""
    return list(outcome(result))


def worked(result: Result) -> list[str]:
    """Return the stages that were neither restored nor up to date."""
    return [stage for stage, what in outcome(result).items() if what == "worked"]


def check_out(project: Path) -> Path:
    """Copy this project without artifacts. Its .venv links to the environment that runs the tests."""
    project.mkdir()
    locks = list(ROOT.glob("requirements*.txt"))
    for path in (ROOT / "Makefile", ROOT / "pyproject.toml", *locks):
        shutil.copy2(path, project)
    for name in ("pipeline", "stages"):
        shutil.copytree(ROOT / name, project / name, ignore=UNFINISHED)
    venv = link_environment(project)
    for path in sorted(locks, key=lambda path: len(path.name)):  # requirements.txt first: make compares times
        shutil.copy(path, venv / f".ready{path.stem.removeprefix('requirements')}")
    return project


def link_environment(project: Path) -> Path:
    """Make .venv the environment that runs the tests."""
    venv = project / ".venv"
    venv.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix) / name)
    return venv


def copy(project: Path, to: Path) -> Path:
    return Path(shutil.copytree(project, to, symlinks=True))


def manifest(project: Path, stage: str) -> dict[str, dict[str, dict[str, str]]]:
    return json.loads((project / "artifacts" / stage / "manifest.json").read_text())  # type: ignore[no-any-return]


def digests(project: Path) -> dict[str, str]:
    """Return the sha256 of every output except those that include durations."""
    found = {
        f"{stage}/{name}": facts["sha256"]
        for stage in list_stages()
        if (project / "artifacts" / stage).exists()
        for name, facts in manifest(project, stage)["outputs"].items()
    }
    for name in ("train/history.csv", "report/index.html"):
        found.pop(name, None)
    return found


def edit(file: Path, old: str, new: str) -> None:
    """Replace `old`, which must occur once in the file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
    file.write_text(text.replace(old, new), encoding="utf-8")
