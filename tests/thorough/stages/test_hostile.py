"""Malicious artifacts, options and names are refused in one line and never executed."""

import json
import os
import pickle
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine.artifacts import read_manifest, write_manifest
from tests.processes import Run
from tests.stages.common import assert_one_line, update_manifests
from tests.stages.test_classify import paint

HOSTILE = "\x1b]0;pwned\x07 \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041 <script>alert(1)</script>\nsecond line"


class Payload:
    """Creates a folder when it is unpickled."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.trap),)


def save_objects(path: Path, trap: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, np.array([Payload(trap)], dtype=object), allow_pickle=True)


def save_pickle(path: Path, trap: Path) -> None:
    path.write_bytes(pickle.dumps(Payload(trap)))


def save_archive(path: Path, trap: Path) -> None:
    with open(path, "wb") as file:
        np.savez(file, np.array([Payload(trap)], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("command", "file", "save"),
    [
        ("parse --force", "download/t10k-labels-idx1-ubyte", save_pickle),
        ("normalize --force", "parse/train-images.npy", save_objects),
        ("normalize --force", "parse/test-labels.npy", save_pickle),
        ("train --force", "normalize/train-images.npy", save_objects),
        ("train --force", "normalize/scaling.npy", save_archive),
        ("evaluate --force", "normalize/test-images.npy", save_objects),
        ("evaluate --force", "train/layer-1-weights.npy", save_objects),
        ("export --force", "evaluate/confusion.npy", save_objects),
        ("report --force", "evaluate/probabilities.npy", save_objects),
        ("classify --test-image 0", "parse/test-images.npy", save_objects),
        ("classify --test-image 0", "train/layer-1-biases.npy", save_pickle),
        ("classify a.png", "train/layer-1-weights.npy", save_archive),
    ],
)
def test_pickled_objects_are_never_loaded(
    command: str, file: str, save: Callable[[Path, Path], None], run: Run, project: Path
) -> None:
    paint(project / "a.png")
    path, trap = project / "artifacts" / file, project / "trap"
    save(path, trap)
    update_manifests(path.parent)  # so that the manifest matches
    assert_one_line(run(*command.split()), 1, path.name)
    assert not trap.exists()


def test_payload_runs_when_unpickled(tmp_path: Path) -> None:
    save_objects(tmp_path / "a.npy", tmp_path / "trap")
    np.load(tmp_path / "a.npy", allow_pickle=True)
    assert (tmp_path / "trap").exists()


def assert_harmless(result: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in result.stderr
    for line in (result.stdout + result.stderr).split("\n"):
        assert line.isprintable(), line


@pytest.fixture
def hostile_project(project: Path) -> Path:
    for stage in ("train", "evaluate"):
        folder = (project / "artifacts" / stage).resolve()
        manifest = read_manifest(folder)
        made = manifest.provenance
        made = replace(
            made,
            parameters={**made.parameters, "recipe": HOSTILE, HOSTILE: [HOSTILE]},
            inputs={**made.inputs, HOSTILE: HOSTILE},
            code={**made.code, HOSTILE: HOSTILE},
            environment={**made.environment, HOSTILE: HOSTILE},
        )
        write_manifest(folder, replace(manifest, summary=HOSTILE, provenance=made))
    return project


@pytest.mark.parametrize(
    "command", ["status", "runs", "runs --json", "runs diff train", "train --recipe quick", "evaluate", "report"]
)
def test_manifest_contents_are_escaped_on_the_terminal(command: str, run: Run, hostile_project: Path) -> None:
    assert_harmless(run(*command.split()))


def test_manifest_contents_are_escaped_and_json_preserves_them(run: Run, hostile_project: Path) -> None:
    as_text, as_json = run("status", "--explain"), run("runs", "--json")
    assert_harmless(as_text)
    assert_harmless(as_json)
    escaped = r"\x1b]0;pwned\x07 \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041 <script>alert(1)</script>\nsecond line"
    assert " ".join(as_text.stdout.split()).count(f": {escaped} ") >= 2
    (training,) = json.loads(as_json.stdout)
    assert training["summary"] == HOSTILE
    assert training["parameters"][HOSTILE] == [HOSTILE]


@pytest.mark.parametrize("name", ["a\0b", "../escaped", "/etc/passwd", "\ud800"])
def test_invalid_output_name_is_a_damaged_manifest(name: str, run: Run, project: Path) -> None:
    path = project / "artifacts/train/manifest.json"
    content = json.loads(path.read_text())
    content["outputs"][name] = {"sha256": "0" * 64, "bytes": 1}
    path.write_text(json.dumps(content))
    assert_one_line(run("evaluate"), 1, "manifest.json is damaged: run the stage train again")
    status = run("status")
    assert "Traceback" not in status.stderr
    assert "manifest manifest.json: is missing or damaged" in status.stdout


@pytest.mark.parametrize(
    ("command", "file", "changes"),
    [
        ("parse", "download/dataset.json", {"class_names": [HOSTILE]}),
        ("parse", "download/dataset.json", {"class_names": list("0123456788")}),
        ("parse", "download/dataset.json", {"name": HOSTILE}),
        ("parse", "download/dataset.json", {"name": "mnist; rm -rf ~"}),
        ("normalize", "parse/dataset.json", {"class_names": ["", *"123456789"]}),
        ("train", "normalize/dataset.json", {"class_names": ["\x1b[31m", *"123456789"]}),
        ("evaluate", "train/model.json", {"class_names": ["\x9b31m", *"123456789"]}),
        ("export", "train/model.json", {"class_names": list("0123456788")}),
        ("export", "train/model.json", {"dataset": "$(touch trap)"}),
        ("export", "train/model.json", {"activation": HOSTILE}),
        ("report", "train/model.json", {"dataset": "</title><script>"}),
    ],
)
def test_invalid_names_are_refused(command: str, file: str, changes: dict[str, Any], run: Run, project: Path) -> None:
    path = project / "artifacts" / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    update_manifests(path.parent)
    result = run(command, "--force")
    assert_one_line(result, 1, path.name)
    assert_harmless(result)


@pytest.mark.parametrize(
    ("command", "line", "error"),
    [
        ("train", r'recipe = "\u001b[31m"', r"'\x1b[31m'"),
        ("train", r'"\u001b]0;pwned\u0007" = 1', r"sets '\x1b]0;pwned\x07', but train has no such option"),
        ("train", r'output = "a\u0000b"', "pyproject.toml"),
        ("train", "epochs = {x = 1}", "epochs"),
        ("train", "epochs = 1979-05-27", "epochs"),
        ("train", "learning-rate = nan", "learning rate"),
        ("train", "layers = [[1], [2]]", "layers"),
        ("download", 'dataset = "$(touch trap)"', "not '$(touch trap)'"),
        ("download", 'from = "; touch trap"', "; touch trap"),
        ("prune", "keep = 9999999999999999999999999", "--keep must be at most"),
    ],
)
def test_pyproject_values_are_not_executed(command: str, line: str, error: str, run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(f"[tool.handwriting.{command}]\n{line}\n")
    result = run(command)
    assert result.returncode in (1, 2), result.stderr
    assert error in result.stderr
    assert_harmless(result)
    assert not (project / "trap").exists()


def test_store_entry_names_are_escaped(run: Run, project: Path) -> None:
    store = project / "artifacts/.store"
    shutil.copytree((project / "artifacts/train").resolve(), store / "train-\x1b[31m\n")
    for command in ("runs", "runs --json", "prune --keep 1"):
        assert_harmless(run(*command.split()))
    assert not (store / "train-\x1b[31m\n").exists()


@pytest.mark.parametrize("name", ["\x1b[31m\n\x9b"])
def test_folder_names_are_escaped(name: str, run: Run, project: Path) -> None:
    for arguments in (
        ("parse", "--output", str(project / name / "parse")),
        ("train", "--normalize", name),
        ("classify", name),
        ("classify", "--test-image", "0", "--parse", name),
        ("prune", "--artifacts", name),
        (name,),
        ("train", f"--{name}"),
        ("train", "--recipe", name),
        ("status", "--assume", name),
    ):
        assert_harmless(run(*arguments))
