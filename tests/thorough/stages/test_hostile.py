"""Malicious artifacts, options and names are refused in one line and never executed."""

import json
import os
import pickle
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
        ("train --force", "normalize/scaling.npy", save_archive),
        ("classify --test-image 0", "train/layer-1-biases.npy", save_pickle),
    ],
)
def test_pickled_objects_are_never_loaded(
    command: str, file: str, save: Callable[[Path, Path], None], run: Run, project: Path
) -> None:
    path, trap = project / "artifacts" / file, project / "trap"
    save(path, trap)
    update_manifests(path.parent)  # so that the manifest matches
    assert_one_line(run(*command.split()), 1, path.name)
    assert not trap.exists()


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


def test_manifest_contents_are_escaped_and_json_preserves_them(run: Run, hostile_project: Path) -> None:
    as_text, as_json = run("status", "--explain"), run("runs", "--json")
    for result in (as_text, as_json, run("runs"), run("train", "--recipe", "quick"), run("evaluate"), run("report")):
        assert_harmless(result)
    escaped = r"\x1b]0;pwned\x07 \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041 <script>alert(1)</script>\nsecond line"
    assert " ".join(as_text.stdout.split()).count(f": {escaped} ") >= 2
    (training,) = json.loads(as_json.stdout)
    assert training["summary"] == HOSTILE
    assert training["parameters"][HOSTILE] == [HOSTILE]


@pytest.mark.parametrize("name", ["\x1b[31m\n\x9b"])
def test_folder_names_are_escaped(name: str, run: Run, project: Path) -> None:
    for arguments in (
        ("parse", "--output", str(project / name / "parse")),
        ("train", "--normalize", name),
        ("classify", name),
        ("classify", "--test-image", "0", "--parse", name),
        ("runs", "name", name),
        (name,),
        ("train", f"--{name}"),
        ("train", "--recipe", name),
        ("status", f"EPOCHS={name}"),
    ):
        assert_harmless(run(*arguments))
