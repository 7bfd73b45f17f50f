"""A project that has nothing but the engine, in a folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.processes import ROOT, UNFINISHED, start_process

ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "MAKEFLAGS", "MAKELEVEL")
}


def write_project(folder: Path, **modules: str) -> Path:
    """Write a project with a copy of the engine and these modules; `__` in a name separates folders."""
    shutil.copytree(ROOT / "pipeline/engine", folder / "pipeline/engine", ignore=UNFINISHED)
    (folder / "pipeline/__init__.py").touch()
    for name, text in modules.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    return folder


def start(folder: Path, *line: str) -> subprocess.Popen[str]:
    """Start `python -m LINE`, with its streams in pipes."""
    return start_process([sys.executable, "-m", *line], cwd=folder, env=ENVIRONMENT, stdin=subprocess.PIPE)


def call(folder: Path, *line: str) -> tuple[int | None, str, str]:
    """Return the exit status and the output of `python -m LINE`."""
    with start(folder, *line) as process:
        stdout, stderr = process.communicate()
    return process.returncode, stdout, stderr


def interrupt(process: subprocess.Popen[str], kind: signal.Signals = signal.SIGINT) -> str:
    """Send a signal; return what the process has printed to stderr."""
    process.send_signal(kind)
    return process.communicate()[1]
