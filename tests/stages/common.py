"""Helpers for the tests of the commands."""

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sized
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import FILES
from pipeline.engine.artifacts import describe_outputs, read_manifest, write_manifest
from pipeline.engine.make import load_stage
from pipeline.engine.resume_log import RESUME_LOG
from tests.make.common import list_stages
from tests.processes import start_process

LINES, FEWEST = 12, 4  # for training, for validation: a line image takes a quarter of a second
SMALL_ROWS: dict[str, Any] = {"layers": "conv4x5/8x2p2,conv6x5x3/1p0x1", "epochs": 2, "batch_size": 8}
RAW = "artifacts/parse/test-images.npy"


def file_names(project: Path) -> set[str]:
    return {path.name for path in project.iterdir()}


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return the published files, by STAGE/NAME."""
    return {
        f"{stage.name}/{path.name}": path.read_bytes()
        for stage in folder.iterdir()
        if not stage.name.startswith(".")
        for path in stage.iterdir()
    }


def untimed(body: bytes) -> bytes:
    """Return the content of a file; of a report, without the times of the layers, which differ between runs."""
    return re.sub(rb'<td class="time">.*?</td>', b"", body)


def update_manifests(artifact: Path) -> None:
    """Update all manifests to the present files of an artifact."""
    unhashed = [name for name, facts in read_manifest(artifact).outputs.items() if facts.get("unhashed")]
    outputs = describe_outputs(artifact, unhashed)
    write_manifest(artifact, replace(read_manifest(artifact), outputs=outputs))
    for path in artifact.parent.glob("*/manifest.json"):
        manifest = read_manifest(path.parent)
        if artifact.name in manifest.provenance.inputs:
            inputs = {**manifest.provenance.inputs, artifact.name: read_manifest(artifact).digest}
            provenance = replace(manifest.provenance, inputs=inputs)
            write_manifest(path.parent, replace(manifest, provenance=provenance))


def assert_one_line(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    *_, line = result.stderr.splitlines()
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in line


def write_custom_dataset(folder: Path) -> Path:
    """Write four IDX files: images of 3 x 4 pixels, two classes that differ in one pixel."""
    folder.mkdir()
    for count, (images, labels) in zip((40, 10), (FILES[:2], FILES[2:]), strict=True):
        truth = np.arange(count, dtype=np.uint8) % 2
        pictures = np.random.default_rng(count).integers(0, 100, (count, 3, 4), dtype=np.uint8)
        pictures[:, 0, 0] = 250 * truth
        idx.save(folder / images, pictures)
        idx.save(folder / labels, truth)
    return folder


def build(artifacts: Path) -> None:
    """Run all stages on the sample."""
    options = {"download": {"dataset": "sample"}, "train": {"recipe": "quick"}}
    artifacts.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(artifacts.parent):
        for name in list_stages():
            load_stage(name)(**options.get(name, {}))


def start(project: Path, *line: str, **more: Any) -> subprocess.Popen[str]:
    """Start `handwriting LINE` in another process, with its output in pipes."""
    return start_process([sys.executable, "-m", "stages", *line], cwd=project, **more)


def read_entries(folder: Path) -> list[list[Any]]:
    """Return the entries of the resume log in a folder, if there is one."""
    file = folder / RESUME_LOG
    lines = file.read_text().split("\n")[1:-1] if file.exists() else []
    return [json.loads(line.partition(" ")[2]) for line in lines]  # after its digest


def wait_for_more(found: Callable[[], Sized], than: int) -> None:
    """Poll until `found()` has more than `than` elements; fail after a minute."""
    deadline = time.monotonic() + 60
    while len(found()) <= than:
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.001)
