"""Runs of `predict` that are long enough to be interrupted."""

import subprocess
import sys
from pathlib import Path

from tests.processes import environment, reset_signals
from tests.stages.common import wait_for_more

RAW = "artifacts/parse/test-images.npy"
MANY = 30_000
LONG = ["predict", "many.npy", "--block-size", "8"]


def start(project: Path, *line: str, **more: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stages.cli.main", *(line or LONG)]
    options = {"cwd": project, "env": environment(), "text": True, "preexec_fn": reset_signals, **more}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload, no-any-return]


def journal(project: Path) -> list[tuple[int, int]]:
    file = project / ".predictions.npy.partial" / "journal"
    lines = file.read_text().splitlines()[1:] if file.exists() else []
    return [(int(start), int(stop)) for start, stop, _ in map(str.split, lines)]


def interrupt(project: Path, *line: str) -> int:
    """Kill a run after some blocks; return the number of images in them."""
    process = start(project, *line)
    wait_for_more(lambda: journal(project), than=3)
    process.kill()
    process.communicate()
    return sum(stop - start for start, stop in journal(project))


def file_names(project: Path) -> set[str]:
    return {path.name for path in project.iterdir()}
