"""Faults of files, disks and processes: one line, existing results unchanged."""

import resource
from pathlib import Path

import numpy as np
import pytest

from tests.processes import Run, environment
from tests.stages.common import STAGES, assert_one_line, snapshot, update_manifests

FORCE = {stage: ["--force"] for stage in STAGES} | {"classify --test-image 0": []}


@pytest.mark.parametrize(
    ("command", "file", "body"),
    [
        ("parse", "download/dataset.json", "{}"),
        ("normalize", "parse/train-images.npy", "nothing"),
        ("train", "normalize/scaling.npy", ""),
        ("evaluate", "train/model.json", "{}"),
        ("export", "evaluate/metrics.json", '{"accuracy": 2, "images": 500}'),
        ("report", "train/history.csv", "network,epoch\n"),
        ("classify --test-image 0", "parse/test-images.npy", "PK"),
    ],
)
def test_damaged_input_is_named(command: str, file: str, body: str, run: Run, project: Path) -> None:
    path = project / "artifacts" / file
    path.write_text(body)
    for update in (False, True):  # first the manifest does not match, then the content is invalid
        if update and path.name != "manifest.json":
            update_manifests(path.parent)
        assert_one_line(run(*command.split(), *FORCE[command]), 1, path.name)


@pytest.mark.parametrize(
    ("command", "file", "array", "words"),
    [
        ("evaluate", "normalize/test-images.npy", np.full((500, 28, 28), np.nan, np.float32), "are not finite"),
        ("evaluate", "train/layer-1-weights.npy", np.full((192, 784), 3e38, np.float32), "are not finite"),
        ("report", "evaluate/probabilities.npy", np.full((500, 9), 0.1, np.float32), "not float32 (500, 10)"),
    ],
)
def test_invalid_array_is_named(
    command: str, file: str, array: np.ndarray, words: str, run: Run, project: Path
) -> None:
    path = project / "artifacts" / file
    np.save(path, array)
    update_manifests(path.parent)
    result = run(*command.split(), *FORCE[command])
    assert_one_line(result, 1, words)
    assert "Warning" not in result.stderr


@pytest.mark.parametrize("stage", ["parse", "export"])
def test_failed_write_keeps_existing_results(stage: str, run: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))  # bytes per file

    no_bytecode = {**environment(), "PYTHONDONTWRITEBYTECODE": "1"}  # Python keeps a .pyc file that was cut off
    result = run(stage, "--force", preexec_fn=limit, env=no_bytecode)
    assert_one_line(result, 1, "File too large")
    assert snapshot(project / "artifacts") == before
    assert not list((project / "artifacts" / ".store").glob("*.partial"))
    assert run(stage).returncode == 0
