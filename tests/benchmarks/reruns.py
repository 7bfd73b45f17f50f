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
from pathlib import Path

from pipeline.engine.artifacts import Manifest, describe_outputs, find_damage
from pipeline.engine.provenance import Provenance
from tests.benchmarks.markdown import table
from tests.make.common import SAMPLE, STAGES, check_out, clean_environment, make, outcome

RUNS = 7
MEGABYTES = 512
INPUTS = {
    "download": (),
    "parse": ("download",),
    "normalize": ("parse",),
    "train": ("parse", "normalize"),
    "evaluate": ("normalize", "train"),
    "export": ("parse", "train", "evaluate"),
    "report": ("parse", "normalize", "train", "evaluate"),
}


def main(peers: Path) -> None:
    """Print the table; `peers` is the folder of the programs dvc and snakemake."""
    with tempfile.TemporaryDirectory() as scratch:
        ours = check_out(Path(scratch) / "ours")
        assert list(outcome(make(ours, "all", *SAMPLE))) == list(STAGES)
        snakemake = [str(peers / "snakemake"), "--cores", "1", "--quiet", "all"]
        commands = {
            "make": (ours, ["make", "all", *SAMPLE]),
            "dvc": (prepare_dvc(ours, peers), [str(peers / "dvc"), "repro", "--quiet"]),
            "snakemake": (prepare_snakemake(ours, peers), snakemake),
        }
        own = {"make": commands["make"]}
        rows = [
            row("`make all`: nothing changed", measure(commands, lambda project: None)),
            row("`make all`: every source file was touched", measure(commands, touch)),
            row("`make all`: a comment was added to a module that all stages import", measure(own, comment)),
        ]
        restored = []
        for _ in range(RUNS):
            make(ours, "train", *SAMPLE, "EPOCHS=3")
            make(ours, "train", *SAMPLE, "EPOCHS=4")
            restored.append(seconds(ours, ["make", "train", *SAMPLE, "EPOCHS=3"]))
        rows.append(row("`make train EPOCHS=3`: trained before", {"make": restored}))
        status = {"make": (ours, [str(ours / ".venv/bin/python"), "-m", "stages.status"])}
        rows.append(row("`handwriting status`, which reads all outputs", measure(status, lambda project: None)))
        rates = hashing(Path(scratch))
    versions = {name: version([str(peers / name), "--version"]) for name in ("dvc", "snakemake")}
    header = ["", "`make`", f"`dvc repro` {versions['dvc']}", f"`snakemake` {versions['snakemake']}"]
    print(table(header, rows))
    print(
        f"\nThe times are medians of {RUNS} runs, in which the programs took turns. DVC and Snakemake rerun all stages"
    )
    print("after a comment.")
    print(f"Outputs are verified at {rates[0]:.1f} GB/s; `sha256sum` reads {rates[1]:.1f} GB/s.")


def row(title: str, times: dict[str, list[float]]) -> list[str]:
    medians = {name: statistics.median(values) for name, values in times.items()}
    return [title, *(f"{medians[name]:.3g} s" if name in medians else "" for name in ("make", "dvc", "snakemake"))]


def version(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]


def sources(project: Path) -> list[str]:
    return ["pyproject.toml", *sorted(str(path.relative_to(project)) for path in project.glob("*/*/*.py"))]


def copy_project(ours: Path, name: str) -> Path:
    """Copy the project for a peer, with our artifacts in `made/`."""
    project = check_out(ours.parent / name)
    for stage in STAGES:
        shutil.copytree(ours / "artifacts" / stage, project / "made" / stage)
    return project


def dependencies(project: Path, stage: str) -> list[str]:
    return [f"stages/{stage}.py", *sources(project), *(f"artifacts/{name}" for name in INPUTS[stage])]


def prepare_dvc(ours: Path, peers: Path) -> Path:
    project = copy_project(ours, "dvc")
    lines = ["stages:"]
    for stage in STAGES:
        lines += [f"  {stage}:", f"    cmd: mkdir -p artifacts && cp -r made/{stage} artifacts/", "    deps:"]
        lines += [f"    - {name}" for name in dependencies(project, stage)]
        lines += ["    outs:", f"    - artifacts/{stage}"]
    (project / "dvc.yaml").write_text("\n".join(lines) + "\n")
    for command in (["init", "--no-scm", "--quiet"], ["config", "core.analytics", "false"], ["repro", "--quiet"]):
        subprocess.run([peers / "dvc", *command], cwd=project, check=True, capture_output=True)
    return project


def prepare_snakemake(ours: Path, peers: Path) -> Path:
    project = copy_project(ours, "snakemake")
    lines = ["rule all:", f"    input: {[f'artifacts/{stage}/manifest.json' for stage in STAGES]}"]
    for stage in STAGES:
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


def seconds(project: Path, command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=project, env=clean_environment(), check=True, capture_output=True)
    return time.perf_counter() - started


def measure(commands: dict[str, tuple[Path, list[str]]], prepare: Callable[[Path], object]) -> dict[str, list[float]]:
    """Return the seconds of each command, measured in turn, so that changes of the machine's speed affect all."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for i in range(RUNS + 1):
        for name, (project, command) in commands.items():
            prepare(project)
            taken = seconds(project, command)
            if i:  # the first is a warm-up
                times[name].append(taken)
    return times


def hashing(scratch: Path) -> tuple[float, float]:
    """Return the rate of output verification in GB/s, ours and sha256sum's."""
    folder = scratch / "large"
    folder.mkdir()
    for name in ("one.bin", "two.bin"):
        (folder / name).write_bytes(bytes(range(256)) * (MEGABYTES * 1_000_000 // 2 // 256))
    provenance = Provenance("large", {}, {}, {}, {})
    manifest = Manifest(provenance, describe_outputs(folder), created="2026-01-01", seconds=0.0, summary="")
    ours, theirs = [], []
    for _ in range(RUNS):
        started = time.perf_counter()
        assert find_damage(folder, manifest) == []
        ours.append(time.perf_counter() - started)
        theirs.append(seconds(folder, ["sha256sum", "one.bin", "two.bin"]))
    return MEGABYTES / 1000 / statistics.median(ours), MEGABYTES / 1000 / statistics.median(theirs)


if __name__ == "__main__":
    main(Path(".venv-peers/bin").absolute())
