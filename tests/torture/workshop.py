"""Where the program is tortured: for each command a project in which it has work to do, and what must come of it."""

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
from tests.processes import environment, take_signals
from tests.stages.common import build, snapshot

SAMPLE = Path(idx.__file__).parent / "sample"
TOLD_OF_RUNS = ("manifest.json", "history.csv")  # hold times and durations, which differ
LONGEST = 60  # seconds that a run may take
CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Command:
    """A command that is to be tortured.

    name: in the table. line: what follows `handwriting`. reads: the folders that it reads, from the project.
    keeps: what of its work it may leave in the project when it is cut off, as patterns; a stage leaves a checkpoint.
    """

    name: str
    line: tuple[str, ...]
    reads: tuple[str, ...]
    keeps: tuple[str, ...] = (f"artifacts/.store/*.partial/{CHECKPOINT}/*",)


PREDICT = ("predict", "artifacts/parse/test-images.npy", "--output", "predictions.npy", "--block-size", "64")
QUICK = ("train", "--recipe", "quick", "--epochs")

# In this order each finds what it reads.
COMMANDS = (
    Command("download", ("download", "--dataset", "custom", "--from", "data"), ("data",)),
    Command("parse", ("parse",), ("artifacts/download",)),
    Command("normalize", ("normalize",), ("artifacts/parse",)),
    Command("train", (*QUICK, "8"), ("artifacts/normalize",)),
    Command("train, 1 epoch", (*QUICK, "1"), ("artifacts/normalize",)),  # the room of its checkpoint holds no model
    Command("evaluate", ("evaluate",), ("artifacts/normalize", "artifacts/train")),
    Command("export", ("export",), ("artifacts/train", "artifacts/evaluate")),
    Command("report", ("report",), ("artifacts/parse", "artifacts/normalize", "artifacts/train", "artifacts/evaluate")),
    Command("predict", PREDICT, ("artifacts/parse", "artifacts/train"), (".predictions.npy.partial/*",)),
    Command("classify", ("classify", "--index", "8"), ("artifacts/parse", "artifacts/train")),
)


@dataclass(frozen=True)
class Bench:
    """A command, ready to be tortured.

    project: a folder in which everything was made from one data set, and what the command reads, from another one
    since; so it has work to do, and an earlier result to lose. before: the sha256 of all that can be seen there.
    after: the same of what lasts, when the command has run. said: what it then has said. writes: the bytes of the
    files that it has written, in order. seconds: how long it took.
    """

    command: Command
    project: Path
    before: Mapping[str, str]
    after: Mapping[str, str]
    said: str
    writes: Sequence[int]
    seconds: float

    @property
    def tells(self) -> bool:
        """Whether all that it does is to tell something."""
        return lasting(self.before) == self.after


def set_up(folder: Path, built: Path | None = None) -> list[Bench]:
    """A bench for each command, in `folder`. built: artifacts of all stages on the sample, if there are some."""
    project = folder / "project"
    project.mkdir(parents=True)
    if built is None:
        build(project / "artifacts")
    else:
        shutil.copytree(built, project / "artifacts", symlinks=True)
    run(next(command for command in COMMANDS if command.name == "predict"), project)
    _half_the_sample(project / "data")
    benches = []
    for command in COMMANDS:
        place = folder / command.name
        shutil.copytree(project, place, symlinks=True)
        before = look(project)
        started = time.monotonic()
        result = run(command, project)
        seconds = time.monotonic() - started
        assert result.returncode == 0, result.stderr
        after = look(project)
        writes = [path.stat().st_size for path in _list_new(project, place)]
        benches.append(Bench(command, place, before, lasting(after), result.stdout, writes, seconds))
    return benches


def _half_the_sample(folder: Path) -> None:
    folder.mkdir()
    for name in FILES:
        whole = np.array(idx.load(next(SAMPLE.glob(f"{name}*"))))
        idx.save(folder / name, whole[: len(whole) // 2])


def _list_new(project: Path, before: Path) -> list[Path]:
    """The files that are in the project and were not there before, in the order in which they were written."""
    files = [path for path in project.rglob("*") if path.is_file() and not path.parent.is_symlink()]
    old = [before / path.relative_to(project) for path in files]
    new = [
        path
        for path, other in zip(files, old, strict=True)
        if not other.exists() or other.stat().st_mtime_ns != path.stat().st_mtime_ns
    ]
    return sorted(new, key=lambda path: path.stat().st_mtime_ns)


def look(project: Path) -> dict[str, str]:
    """The sha256 of every file that people find there, by its name."""
    files = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    bodies = {**snapshot(project / "artifacts"), **files}
    return {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}


def lasting(seen: Mapping[str, str]) -> dict[str, str]:
    """Without the files that tell of runs."""
    return {name: digest for name, digest in seen.items() if not name.endswith(TOLD_OF_RUNS)}


def find_leftovers(bench: Bench, project: Path) -> list[str]:
    """What lies about in the project that is no result, and no checkpoint."""
    kept = {path for pattern in bench.command.keeps for path in project.glob(pattern)}
    kept |= {folder for path in kept for folder in path.parents}
    hidden = [*project.glob("artifacts/.store/*.partial"), *project.glob("artifacts/.store/*.old")]
    hidden += [path for path in project.glob("artifacts/.[!.]*") if path.name not in (".store", ".notes")]
    hidden += [path for folder in hidden if folder.is_dir() for path in folder.rglob("*")]
    hidden += [*project.glob("tmp/*"), *project.glob(".[!.]*")]
    return sorted(str(path.relative_to(project)) for path in hidden if path not in kept)


@contextmanager
def scratch(bench: Bench, within: Path | None = None) -> Iterator[Path]:
    """A copy of the bench's project for one attempt, by default in the folder of all benches."""
    with TemporaryDirectory(dir=within or bench.project.parent, prefix="attempt-") as folder:
        project = Path(folder) / "project"
        shutil.copytree(bench.project, project, symlinks=True)
        (project / "tmp").mkdir()
        yield project


def start(command: Command, project: Path, before: Sequence[str] = (), **options: Any) -> subprocess.Popen[str]:
    """Start the command in the project, by the words `before` it if there are some."""
    line = [*before, sys.executable, "-m", "stages.cli.main", *command.line]
    defaults = {"cwd": project, "env": {**environment(), "TMPDIR": str(project / "tmp")}, "preexec_fn": take_signals}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        line, text=True, errors="replace", start_new_session=True, **pipes, **{**defaults, **options}
    )


def finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for its end, for so long as is decent."""
    try:
        said, told = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        said, told = process.communicate()
        told += f"\nhandwriting was killed, for it did not end in {LONGEST} s\n"
    return subprocess.CompletedProcess(process.args, process.returncode, said, told)


def run(
    command: Command, project: Path, before: Sequence[str] = (), **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command in the project to its end."""
    return finish(start(command, project, before, **options))
