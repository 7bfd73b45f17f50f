"""Time of a run in which no stage is executed, compared with DVC and Snakemake.

    python -m tests.benchmarks.reruns

All three run the same stages with the same source files and artifacts; the stages of DVC and Snakemake copy our
artifacts. RUNS times in turn. Needs DVC and Snakemake in .venv-peers, see `make benchmarks`.
"""

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.markdown import table, take_turns
from tests.make.common import SAMPLE, check_out, clean_environment, list_stages, make, outcome

PROGRAMS = "make", "dvc", "snakemake"
RUNS = 7
INPUTS = {
    "download": (),
    "parse": ("download",),
    "normalize": ("parse",),
    "train": ("normalize",),
    "evaluate": ("normalize", "train"),
    "export": ("normalize", "train", "evaluate"),
    "report": ("normalize", "train", "evaluate"),
}


def main(peers: Path) -> None:
    """Print the table; `peers` is the folder of the programs dvc and snakemake."""
    with tempfile.TemporaryDirectory() as scratch:
        ours = check_out(Path(scratch) / "ours")
        assert list(outcome(make(ours, "all", *SAMPLE))) == list(list_stages())
        snakemake = [str(peers / "snakemake"), "--cores", "1", "--quiet", "all"]
        commands = {
            "make": (ours, ["make", "all", *SAMPLE]),
            "dvc": (prepare_dvc(ours, peers), [str(peers / "dvc"), "repro", "--quiet"]),
            "snakemake": (prepare_snakemake(ours, peers), snakemake),
        }
        own = {"make": commands["make"]}
        rows = [
            measure("`make all`: nothing changed", commands, lambda project: None),
            measure("`make all`: every source file was touched", commands, touch),
            measure("`make all`: a comment was added to a module that all stages import", own, comment),
        ]
    header = ["", "`make`", *(f"`{name}` {version(peers, name.split()[0])}" for name in ("dvc repro", "snakemake"))]
    print(table(header, rows))
    print(f"\nThe times are medians of {RUNS} runs, in which the programs took turns.")


def measure(title: str, commands: dict[str, tuple[Path, list[str]]], prepare: Callable[[Path], object]) -> list[str]:
    """Return a row of the table: the median seconds of each command after `prepare`."""

    def run(project: Path, command: list[str]) -> float:
        prepare(project)
        started = time.perf_counter()
        subprocess.run(command, cwd=project, env=clean_environment(), check=True, capture_output=True)
        return time.perf_counter() - started

    times = take_turns({name: partial(run, *command) for name, command in commands.items()}, RUNS + 1)
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}  # the first is a warm-up
    return [title, *(f"{medians[name]:.3g} s" if name in medians else "reruns all" for name in PROGRAMS)]


def version(peers: Path, name: str) -> str:
    done = subprocess.run([peers / name, "--version"], check=True, capture_output=True, text=True)
    return done.stdout.split()[-1]


def sources(project: Path) -> list[str]:
    return ["pyproject.toml", *sorted(str(path.relative_to(project)) for path in project.glob("*/*/*.py"))]


def copy_project(ours: Path, name: str) -> Path:
    """Copy the project for a peer, with our artifacts in `made/`."""
    project = check_out(ours.parent / name)
    for stage in list_stages():
        shutil.copytree(ours / "artifacts" / stage, project / "made" / stage)
    return project


def dependencies(project: Path, stage: str) -> list[str]:
    return [f"stages/{stage}.py", *sources(project), *(f"artifacts/{name}" for name in INPUTS[stage])]


def prepare_dvc(ours: Path, peers: Path) -> Path:
    project = copy_project(ours, "dvc")
    lines = ["stages:"]
    for stage in list_stages():
        lines += [f"  {stage}:", f"    cmd: mkdir -p artifacts && cp -r made/{stage} artifacts/", "    deps:"]
        lines += [f"    - {name}" for name in dependencies(project, stage)]
        lines += ["    outs:", f"    - artifacts/{stage}"]
    (project / "dvc.yaml").write_text("\n".join(lines) + "\n")
    for command in (["init", "--no-scm", "--quiet"], ["config", "core.analytics", "false"], ["repro", "--quiet"]):
        subprocess.run([peers / "dvc", *command], cwd=project, check=True, capture_output=True)
    return project


def prepare_snakemake(ours: Path, peers: Path) -> Path:
    project = copy_project(ours, "snakemake")
    lines = ["rule all:", f"    input: {[f'artifacts/{stage}/manifest.json' for stage in list_stages()]}"]
    for stage in list_stages():
        files = [f"stages/{stage}.py", *sources(project)]
        files += [f"artifacts/{name}/manifest.json" for name in INPUTS[stage]]
        lines += [f"rule {stage}:", f"    input: {files}", f"    output: 'artifacts/{stage}/manifest.json'"]
        lines += [f"    shell: 'mkdir -p artifacts && cp -r made/{stage} artifacts/'"]
    (project / "Snakefile").write_text("\n".join(lines) + "\n")
    subprocess.run([peers / "snakemake", "--cores", "1", "all"], cwd=project, check=True, capture_output=True)
    return project


def touch(project: Path) -> None:
    for path in [*project.glob("stages/*.py"), *(project / name for name in sources(project))]:
        path.touch()


def comment(project: Path) -> None:
    with open(project / "pipeline/engine/errors.py", "a", encoding="utf-8") as module:
        module.write("# one more\n")


if __name__ == "__main__":
    main(Path(".venv-peers/bin").absolute())
