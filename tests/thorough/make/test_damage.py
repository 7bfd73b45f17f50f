"""Deleted, damaged and truncated files are detected before use, named, and rebuilt or restored."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, digests, make, stage, worked


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: dict[str, Callable[[Path], object]] = {"deleted": Path.unlink, "flipped": flip, "truncated": truncate}
FILES = (
    "download/train-labels-idx1-ubyte",
    "parse/train-images.npy",
    "normalize/test-images.npy",
    "train/layer-1-weights.npy",
    "train/model.json",
    "train/history.csv",
    "evaluate/metrics.json",
    "export/model.onnx",
    "report/index.html",
)


@pytest.mark.parametrize(
    ("damage", "file"),
    [*(("flipped", file) for file in FILES), ("deleted", "train/history.csv"), ("truncated", "train/model.json")],
)
def test_damaged_output_is_named_and_rebuilt(damage: str, file: str, project: Path) -> None:
    before = digests(project)
    name, _, output = file.partition("/")
    DAMAGES[damage](project / "artifacts" / file)
    assert make(project, "-q", "all", *SAMPLE).returncode == 1
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ([name, "report"] if name in ("train", "evaluate") else [name])  # it includes dates
    assert f"{name}: output {output}: is {'missing' if damage == 'deleted' else 'damaged'}\n" in result.stderr
    assert digests(project) == before
    assert make(project, "-q", "all", *SAMPLE).returncode == 0


@pytest.mark.parametrize(
    ("damage", "name"), [("deleted", "train"), ("flipped", "parse"), *(("truncated", name) for name in STAGES)]
)
def test_damaged_manifest_is_named_and_rebuilt(damage: str, name: str, project: Path) -> None:
    before = digests(project)
    DAMAGES[damage](project / "artifacts" / name / "manifest.json")
    result = make(project, "all", *SAMPLE)
    assert name in worked(result)
    assert "Traceback" not in result.stderr
    if damage != "flipped":  # a flipped bit may leave it well-formed, with another key or digest
        assert (
            f"{name}: manifest manifest.json: is {'missing' if damage == 'deleted' else 'damaged'}\n" in result.stderr
        )
    assert digests(project) == before


def entry_becomes_a_file(train: Path) -> None:
    entry = train.resolve()
    shutil.rmtree(entry)
    entry.touch()


def manifest_becomes_a_folder(train: Path) -> None:
    (train / "manifest.json").unlink()
    (train / "manifest.json").mkdir()


@pytest.mark.parametrize("damage", [entry_becomes_a_file, manifest_becomes_a_folder])
def test_malformed_result_is_rebuilt(damage: Callable[[Path], None], project: Path) -> None:
    before = digests(project)
    damage(project / "artifacts/train")
    status = make(project, "status", *SAMPLE)
    assert (status.returncode, status.stderr) == (0, "")
    assert worked(make(project, "train", *SAMPLE)) == ["train"]
    assert worked(make(project, "all", *SAMPLE, "EPOCHS=2")) == ["train", "evaluate", "export", "report"]
    assert worked(make(project, "all", *SAMPLE)) == ["report"]
    assert digests(project) == before
    assert stage(project, "prune", "--keep", "1").returncode == 0


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("download/train-images-idx3-ubyte", ["parse", "--force"]),
        ("parse/train-images.npy", ["normalize", "--validation", "7"]),
        ("normalize/train-images.npy", ["train", "--epochs", "1"]),
        ("train/layer-2-biases.npy", ["evaluate", "--force"]),
        ("evaluate/metrics.json", ["export", "--force"]),
        ("train/layer-1-weights.npy", ["classify", "--test-image", "0"]),
        ("parse/test-images.npy", ["classify", "--test-image", "0"]),
    ],
)
def test_damaged_input_is_named_before_use(file: str, command: list[str], project: Path) -> None:
    before = digests(project)
    name = file.partition("/")[0]
    flip(project / "artifacts" / file)
    result = stage(project, *command)
    assert result.returncode == 1
    assert f": artifacts/{file} is damaged: run the stage {name} again (make {name})\n" in result.stderr
    assert "Traceback" not in result.stderr
    assert worked(make(project, name, *SAMPLE)) == [name]  # as the message advises
    assert digests(project) == before


def test_file_contents_are_not_executed_by_make_or_shell(project: Path) -> None:
    commands = "x'; touch trap; $(touch trap) `touch trap` $(shell touch trap)"
    path = project / "artifacts/train/manifest.json"
    content = json.loads(path.read_text())
    for table in ("outputs", "code"):
        content[table] |= {name: content[table][next(iter(content[table]))] for name in (commands, "a: ; touch trap")}
    path.write_text(json.dumps(content, indent=2))
    make(project, "all", *SAMPLE)
    with open(project / "pyproject.toml", "a") as file:
        file.write(f'[tool.handwriting.download]\ndataset = "custom"\nfrom = "{commands}"\n')
    result = make(project, "parse")
    assert f"{commands}: no file train-images-idx3-ubyte" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(project.rglob("trap"))
