"""Sandboxes for fault injection: for each command, a project in which it has work to do, and the expected results."""

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import FILES
from tests.processes import environment, start_process
from tests.stages.common import snapshot, untimed

SAMPLE = Path(idx.__file__).parent / "sample"
UNREPRODUCIBLE = ("manifest.json", "history.csv")  # contain times and durations
TIMEOUT = 60  # seconds for one run
CHECKPOINT = "checkpoint"
TEMPORARY = "tmp"  # the folder of a project that is its TMPDIR


@dataclass(frozen=True)
class Command:
    """A command under test.

    line: the arguments of `handwriting`. reads: its input folders, relative to the project. keeps: glob patterns of
    files that an interrupted run may keep.
    """

    name: str
    line: tuple[str, ...]
    reads: tuple[str, ...]
    keeps: tuple[str, ...] = (f"artifacts/.store/*.partial/{CHECKPOINT}/*",)


PREDICT = ("predict", "artifacts/parse/test-images.npy", "--output", "predictions.npy", "--block-size", "64")
QUICK = ("train", "--recipe", "quick", "--epochs")

# In order of dependency.
COMMANDS = (
    Command("download", ("download", "--dataset", "custom", "--from", "data"), ("data",)),
    Command("parse", ("parse",), ("artifacts/download",)),
    Command("normalize", ("normalize",), ("artifacts/parse",)),
    Command("train", (*QUICK, "8"), ("artifacts/normalize",)),
    # its checkpoint is smaller than its model
    Command("train for 1 epoch", (*QUICK, "1"), ("artifacts/normalize",)),
    Command("evaluate", ("evaluate",), ("artifacts/normalize", "artifacts/train")),
    Command("export", ("export",), ("artifacts/normalize", "artifacts/train", "artifacts/evaluate")),
    Command("report", ("report",), ("artifacts/normalize", "artifacts/train", "artifacts/evaluate")),
    Command("predict", PREDICT, ("artifacts/parse", "artifacts/train"), (".predictions.npy.work/*",)),
)


@dataclass(frozen=True)
class Sandbox:
    """A project for one command, and what a run without a fault does.

    project: a folder with results of one data set and inputs of another, so that the command has work to do and an
    earlier result to lose. before: sha256 of the visible files, by name. after: sha256 of the reproducible files after
    a run. seconds: its duration.
    """

    command: Command
    project: Path
    before: Mapping[str, str]
    after: Mapping[str, str]
    seconds: float


def create_sandboxes(folder: Path, built: Path) -> list[Sandbox]:
    """Create a sandbox for each command in `folder`. built: artifacts of all stages on the sample."""
    project = folder / "project"
    project.mkdir(parents=True)
    shutil.copytree(built, project / "artifacts", symlinks=True)
    run(next(command for command in COMMANDS if command.name == "predict"), project)
    _save_half_of_sample(project / "data")
    sandboxes = []
    for command in COMMANDS:
        copy = folder / command.name
        shutil.copytree(project, copy, symlinks=True)
        before = hash_files(project)
        started = time.monotonic()
        result = run(command, project)
        seconds = time.monotonic() - started
        assert result.returncode == 0, result.stderr
        after = reproducible(hash_files(project))
        sandboxes.append(Sandbox(command, copy, before, after, seconds))
    return sandboxes


def _save_half_of_sample(folder: Path) -> None:
    folder.mkdir()
    for name in FILES:
        whole = np.array(idx.load(next(SAMPLE.glob(f"{name}*"))))
        idx.save(folder / name, whole[: len(whole) // 2])


def list_inputs(sandbox: Sandbox) -> list[Path]:
    """Return the input files of the command, relative to the project."""
    folders = (sandbox.project / name for name in sandbox.command.reads)
    return sorted(path.relative_to(sandbox.project) for folder in folders for path in folder.iterdir())


def hash_files(project: Path) -> dict[str, str]:
    """Return the sha256 of every visible file, by name; of a report, without the times of the layers."""
    files = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    bodies = {**snapshot(project / "artifacts"), **files}
    return {name: hashlib.sha256(untimed(body)).hexdigest() for name, body in bodies.items()}


def reproducible(hashes: Mapping[str, str]) -> dict[str, str]:
    """Leave out the files that differ between equal runs."""
    return {name: digest for name, digest in hashes.items() if not name.endswith(UNREPRODUCIBLE)}


def find_leftovers(sandbox: Sandbox, project: Path) -> list[str]:
    """Return the temporary files in the project that are not checkpoints."""
    kept = {path for pattern in sandbox.command.keeps for path in project.glob(pattern)}
    kept |= {folder for path in kept for folder in path.parents}
    hidden = [*project.glob("artifacts/.store/*.partial"), *project.glob("artifacts/.store/*.old")]
    hidden += [path for path in project.glob("artifacts/.[!.]*") if path.name not in (".store", ".cache")]
    hidden += [path for folder in hidden if folder.is_dir() for path in folder.rglob("*")]
    hidden += [*project.glob(f"{TEMPORARY}/*"), *project.glob(".[!.]*")]
    return sorted(str(path.relative_to(project)) for path in hidden if path not in kept)


@contextmanager
def copy_project(sandbox: Sandbox, within: Path | None = None) -> Iterator[Path]:
    """Copy the project for one attempt, by default next to the sandboxes."""
    with TemporaryDirectory(dir=within or sandbox.project.parent, prefix="attempt-") as folder:
        project = Path(folder) / "project"
        shutil.copytree(sandbox.project, project, symlinks=True)
        (project / TEMPORARY).mkdir()
        yield project


def start(command: Command, project: Path, prefix: Sequence[str] = (), **options: Any) -> subprocess.Popen[str]:
    """Start the command in the project. prefix: of the command line."""
    line = [*prefix, sys.executable, "-m", "stages", *command.line]
    options = {"env": {**environment(), "TMPDIR": str(project / TEMPORARY)}, "stdin": subprocess.DEVNULL, **options}
    return start_process(line, cwd=project, errors="replace", start_new_session=True, **options)


def finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for the process; kill it after TIMEOUT."""
    try:
        stdout, stderr = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        stderr += f"\nhandwriting was killed after {TIMEOUT} s\n"
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def run(
    command: Command, project: Path, prefix: Sequence[str] = (), **options: Any
) -> subprocess.CompletedProcess[str]:
    return finish(start(command, project, prefix, **options))
