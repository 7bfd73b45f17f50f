"""Status reports what make does next, and make does not repeat what a command by hand has done."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.make.common import (
    SAMPLE,
    STAGES,
    copy,
    edit,
    make,
    outcome,
    stage,
    worked,
)

EXPECTED = {"fresh": "up to date", "stale": "worked", "stored": "restored"}


def tree(project: Path) -> dict[str, tuple[int, int]]:
    """Return the size and mtime of all files and folders except caches."""
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in project.rglob("*")
        if not {"__pycache__", ".venv", ".cache"} & {*path.parts}
    }


def parse_status(result: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, list[str]]]:
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    return {name: (found[name]["state"], [each["kind"] for each in found[name]["reasons"]]) for name in STAGES}


def unchanged(project: Path) -> None:
    pass


def edited(project: Path) -> None:
    edit(project / "pipeline/network/optimizers.py", "beta2: float = 0.999", "beta2: float = 0.99")


def edited_with_same_output(project: Path) -> None:
    edit(project / "stages/parse.py", "save_description(output,", "save_description(0 or output,")


def damaged(project: Path) -> None:
    (project / "artifacts/normalize/test-images.npy").write_bytes(b"")
    (project / "artifacts/export/model.onnx").unlink()
    (project / "artifacts/evaluate/manifest.json").write_text("{")


def deleted(project: Path) -> None:
    shutil.rmtree(project / "artifacts")


def changed_in_pyproject(project: Path) -> None:
    with open(project / "pyproject.toml", "a") as file:
        file.write("\n[tool.handwriting.normalize]\nvalidation = 100\n")


@pytest.mark.parametrize(
    ("change", "variables"),
    [
        (unchanged, ["VALIDATION=0.25"]),
        (edited, ["SEED=2"]),
        (edited_with_same_output, []),
        (damaged, []),
        (deleted, []),
        (changed_in_pyproject, []),
    ],
)
def test_status_predicts_what_make_does(change: Callable[[Path], None], variables: list[str], project: Path) -> None:
    change(project)
    before = tree(project)
    status = parse_status(stage(project, "status", "--json", *SAMPLE, *variables))
    assert tree(project) == before
    done = outcome(make(project, "all", *SAMPLE, *variables))
    for name in STAGES:
        state, reasons = status[name]
        assert bool(reasons) == (state != "fresh")
        if state == "waiting":
            assert set(reasons) == {"input"}
            assert name in done
        else:
            assert done.get(name, "up to date") == EXPECTED[state], name
    after = parse_status(stage(project, "status", "--json", *SAMPLE, *variables))
    assert {state for state, _ in after.values()} == {"fresh"}


def test_manual_run_is_not_repeated(fresh: Path, project: Path, tmp_path: Path) -> None:
    assert "up to date" in stage(project, "train", "--recipe", "quick").stdout
    assert outcome(make(project, "train", *SAMPLE)) == {}
    by_hand = copy(fresh, tmp_path / "copy")
    for name in STAGES:
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert stage(by_hand, name, *options).returncode == 0
    assert worked(make(by_hand, "all", *SAMPLE)) == []
