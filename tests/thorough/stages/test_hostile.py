"""Artifacts, options and names of somebody who means harm: refused in one line, executed never."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine.artifacts import read_manifest, write_manifest
from tests.processes import ROOT, Run, environment
from tests.stages.common import account_for, assert_one_line
from tests.stages.test_classify import paint

HOSTILE = "\x1b]0;pwned\x07 \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041 <script>alert(1)</script>\nsecond line"


class Bait:
    """What makes a folder as soon as it is unpickled."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.trap),)


def save_objects(path: Path, trap: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, np.array([Bait(trap)], dtype=object), allow_pickle=True)


def save_pickle(path: Path, trap: Path) -> None:
    path.write_bytes(pickle.dumps(Bait(trap)))


def save_archive(path: Path, trap: Path) -> None:
    with open(path, "wb") as file:
        np.savez(file, np.array([Bait(trap)], dtype=object), allow_pickle=True)


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
        ("classify --index 0", "parse/test-images.npy", save_objects),
        ("classify --index 0", "train/layer-1-biases.npy", save_pickle),
        ("classify a.png", "train/layer-1-weights.npy", save_archive),
    ],
)
def test_objects_in_an_array_are_refused_and_never_made(
    command: str, file: str, save: Callable[[Path, Path], None], run: Run, project: Path
) -> None:
    paint(project / "a.png")
    path, trap = project / "artifacts" / file, project / "trap"
    save(path, trap)
    account_for(path.parent)  # its manifest says that all is well
    assert_one_line(run(*command.split()), 1, path.name)
    assert not trap.exists()


def test_the_bait_would_work(tmp_path: Path) -> None:
    save_objects(tmp_path / "a.npy", tmp_path / "trap")
    np.load(tmp_path / "a.npy", allow_pickle=True)
    assert (tmp_path / "trap").exists()


def assert_harmless(result: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in result.stderr
    for line in (result.stdout + result.stderr).split("\n"):
        assert line.isprintable(), line


@pytest.fixture
def telling(project: Path) -> Path:
    """A project in which the manifests of two stages tell hostile things."""
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


@pytest.mark.parametrize("command", ["status --runs", "train --recipe quick", "evaluate", "report"])
def test_what_a_manifest_tells_does_not_steer_the_terminal(command: str, run: Run, telling: Path) -> None:
    assert_harmless(run(*command.split()))


def test_what_a_manifest_tells_is_spelled_and_json_has_it_as_it_is(run: Run, telling: Path) -> None:
    told, as_json = run("status", "--explain"), run("status", "--json")
    assert_harmless(told)
    assert_harmless(as_json)
    spelled = r"\x1b]0;pwned\x07 \x1b[2J \x9b31m \x7f \u202e \u2028 \U000e0041 <script>alert(1)</script>\nsecond line"
    assert told.stdout.count(f": {spelled}\n") >= 2
    (training,) = json.loads(as_json.stdout)["train"]["runs"]
    assert training["summary"] == HOSTILE
    assert training["parameters"][HOSTILE] == [HOSTILE]


@pytest.mark.parametrize("name", ["a\0b", "../escaped", "/etc/passwd", "\ud800"])
def test_an_output_that_cannot_be_makes_a_manifest_damaged(name: str, run: Run, project: Path) -> None:
    path = project / "artifacts/train/manifest.json"
    content = json.loads(path.read_text())
    content["outputs"][name] = {"sha256": "0" * 64, "bytes": 1}
    path.write_text(json.dumps(content))
    assert_one_line(run("evaluate"), 1, "manifest.json is damaged: run the stage train again")
    told = run("status")
    assert "Traceback" not in told.stderr
    assert "manifest manifest.json: is damaged" in told.stdout


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
def test_names_that_cannot_be_are_refused(
    command: str, file: str, changes: dict[str, Any], run: Run, project: Path
) -> None:
    path = project / "artifacts" / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    account_for(path.parent)
    result = run(command, "--force")
    assert_one_line(result, 1, path.name)
    assert_harmless(result)


@pytest.mark.parametrize(
    ("command", "line", "complaint"),
    [
        ("train", r'recipe = "\u001b[31m"', r"'\x1b[31m'"),
        ("train", r'"\u001b]0;pwned\u0007" = 1', r"sets '\x1b]0;pwned\x07' for train"),
        ("train", r'output = "a\u0000b"', "pyproject.toml"),
        ("train", "epochs = {x = 1}", "epochs"),
        ("train", "epochs = 1979-05-27", "epochs"),
        ("train", "learning-rate = nan", "learning rate"),
        ("train", "layers = [[1], [2]]", "layers"),
        ("download", 'dataset = "$(touch trap)"', "there is no data set '$(touch trap)'"),
        ("download", 'from = "; touch trap"', "; touch trap"),
        ("prune", "keep = 9999999999999999999999999", ""),
    ],
)
def test_values_in_pyproject_are_values_and_no_more(
    command: str, line: str, complaint: str, run: Run, project: Path
) -> None:
    (project / "pyproject.toml").write_text(f"[tool.handwriting.{command}]\n{line}\n")
    result = run(command)
    assert result.returncode in ((1, 2) if complaint else (0,)), result.stderr
    assert complaint in result.stderr
    assert_harmless(result)
    assert not (project / "trap").exists()


NAMES = ("two\u2028lines.png", "\x9b31m.png", "\x7f.png", '"quoted\\".png', "\u202egnp.exe", "`id`.png", "$(id).png")


def test_json_has_one_line_a_picture_whatever_it_is_called(run: Run, project: Path) -> None:
    body = paint(project / "a.png").read_bytes()
    names = [*NAMES, "<script>alert(1)<\n>.png", "\udcff.png", "\U000e0041.png"]
    for name in names:
        (project / name).write_bytes(body)
    result = run("classify", "--json", *names, "none\u2028.png")
    assert_harmless(result)
    told = [json.loads(line) for line in result.stdout.splitlines()]  # at U+2028, too, if it were there
    assert [line["file"] for line in told] == [name.replace("\udcff", "\ufffd") for name in names] + ["none\u2028.png"]
    assert told[-1]["error"] == r"none\u2028.png cannot be read: No such file or directory"
    assert_harmless(run("classify", *names, "none\u2028.png"))


def test_names_of_results_in_the_store_do_not_steer_the_terminal(run: Run, project: Path) -> None:
    store = project / "artifacts/.store"
    shutil.copytree((project / "artifacts/train").resolve(), store / "train-\x1b[31m\n")
    for command in ("status --runs", "prune --keep 1"):
        assert_harmless(run(*command.split()))
    assert not (store / "train-\x1b[31m\n").exists()


@pytest.mark.parametrize("name", ["\x1b[31m\n\x9b"])
def test_names_of_folders_do_not_steer_the_terminal(name: str, run: Run, project: Path) -> None:
    for arguments in (
        ("parse", "--output", str(project / name / "parse")),
        ("train", "--normalize", name),
        ("classify", name),
        ("classify", "--index", "0", "--parse", name),
        ("prune", "--artifacts", name),
        (name,),
        ("train", f"--{name}"),
        ("train", "--recipe", name),
        ("status", "--assume", name),
    ):
        assert_harmless(run(*arguments))


def test_a_compiled_file_that_python_would_not_take_is_not_looked_into(project: Path) -> None:
    for name in ("pipeline", "stages"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "stages.parse", "--force"]
    options: dict[str, Any] = {"cwd": project, "env": environment() | {"PYTHONPATH": str(project)}, "text": True}
    assert subprocess.run(command, **options, capture_output=True).returncode == 0
    for compiled in project.rglob("*.pyc"):
        compiled.write_bytes(bytes(16) + b"\xfb" * 1000)
    result = subprocess.run(command, **options, capture_output=True)
    assert result.returncode == 0
    assert result.stderr == ""
