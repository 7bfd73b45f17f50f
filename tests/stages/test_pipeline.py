"""The stages in order, as separate processes."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.model.model import load_model
from pipeline.model.prediction import predict_logits
from pipeline.network.losses import LOSSES
from pipeline.training.classification import fit_temperature
from pipeline.training.history import read_history
from tests.processes import Run, capture, environment, without_network
from tests.stages.common import write_custom_dataset


def test_artifacts_have_documented_shapes_and_dtypes(built: Path) -> None:
    def array(name: str) -> tuple[str, tuple[int, ...]]:
        loaded = np.load(built / name, allow_pickle=False, mmap_mode="r")
        return str(loaded.dtype), loaded.shape

    assert {name: array(f"parse/{name}.npy") for name in ("train-images", "train-labels", "test-images")} == {
        "train-images": ("uint8", (2000, 28, 28)),
        "train-labels": ("uint8", (2000,)),
        "test-images": ("uint8", (500, 28, 28)),
    }
    assert array("normalize/validation-images.npy") == ("float32", (167, 28, 28))
    assert array("normalize/validation-pixels.npy") == ("uint8", (167, 28, 28))
    assert array("normalize/validation-labels.npy") == ("uint8", (167,))
    assert array("normalize/scaling.npy") == ("float32", (2,))
    assert array("train/layer-1-weights.npy") == ("float32", (192, 784))
    assert array("train/layer-2-biases.npy") == ("float32", (10,))
    assert array("evaluate/probabilities.npy") == ("float32", (500, 10))
    assert array("evaluate/confusion.npy") == ("int64", (10, 10))
    (epochs,) = read_history(built / "train" / "history.csv")
    model = load_model(built / "train")
    assert model.validation_accuracy == pytest.approx(max(epoch.validation_accuracy for epoch in epochs), abs=1e-6)


def test_scaling_uses_only_the_training_set(built: Path) -> None:
    mean, std = np.load(built / "normalize/scaling.npy")
    pixels = np.load(built / "parse/train-images.npy")[:1833] / 255
    assert mean == pytest.approx(pixels.mean(), rel=1e-6)
    assert std == pytest.approx(pixels.std(), rel=1e-6)


def test_temperature_is_fitted_on_the_validation_set(built: Path) -> None:
    model = load_model(built / "train")
    images, labels = (np.load(built / f"normalize/validation-{what}.npy") for what in ("images", "labels"))
    logits = predict_logits(model, images).T
    assert model.temperature == pytest.approx(fit_temperature(logits, labels, LOSSES[model.loss]), rel=1e-3)
    assert model.temperature != 1


def test_evaluate_shows_what_the_network_says_of_the_first_test_image(run: Run, built: Path) -> None:
    done = run("evaluate", "--normalize", str(built / "normalize"), "--train", str(built / "train"))
    outputs = np.load(built / "evaluate/probabilities.npy")[0]
    label = np.load(built / "normalize/test-labels.npy")[0]
    vector, line = [line for line in done.stderr.splitlines() if "the first test image" in line]
    assert [float(value) for value in vector.partition("[")[2].rstrip("]").split()] == pytest.approx(outputs, abs=1e-4)
    assert line.endswith(f": {outputs.argmax()} with confidence {outputs.max():.2%}; real label {label}")


@pytest.mark.slow
def test_name_of_the_folder_may_be_any_bytes(run: Run, tmp_path: Path) -> None:
    folder = write_custom_dataset(tmp_path / os.fsdecode(b"\xff"))
    for state in ("custom: 4 files", "up to date"):
        line = ["download", "--dataset", "custom", "--from", str(folder)]
        result = run(*line, env=environment())  # in another process: pytest-xdist cannot send log lines with this name
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith(state)


@pytest.mark.slow
def test_processes_without_a_network_interface_are_one_line_that_names_threads(project: Path) -> None:
    line = [sys.executable, "-m", "stages", "evaluate", "--force"]
    for options, status in ((["--scheduler", "processes"], 1), (["--scheduler", "threads"], 0)):
        command = without_network([*line, *options])
        done = capture(command, cwd=project, timeout=60)
        assert done.returncode == status, done.stderr
        assert status == 0 or "--scheduler threads" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
