"""The command `predict` in real processes."""

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.model import parallel_prediction as predictions
from pipeline.reader import PRETRAINED
from pipeline.scheduling import journal
from stages.commands.predict import predict
from tests.processes import Run
from tests.stages.common import RAW, file_names


@pytest.mark.parametrize("options", [[], ["--scheduler", "processes", "--workers", "2", "--block-size", "33"]])
def test_predictions_equal_those_of_evaluate(options: list[str], run: Run, project: Path) -> None:
    result = run("predict", RAW, "--probabilities", "probabilities.npy", *options)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("500 images in ")
    assert result.stdout.endswith(" images/s -> predictions.npy, probabilities.npy\n")
    expected = project / "artifacts/evaluate/probabilities.npy"
    assert (project / "probabilities.npy").read_bytes() == expected.read_bytes()
    assert np.array_equal(np.load(project / "predictions.npy"), np.load(expected).argmax(axis=1))
    assert file_names(project) == {"artifacts", "predictions.npy", "probabilities.npy"}


def test_files_of_all_formats_are_predicted_in_order(run: Run, project: Path) -> None:
    images, labels = np.load(project / RAW), np.load(project / "artifacts/evaluate/probabilities.npy").argmax(axis=1)
    parts = {
        "an array.npy": slice(0, 90),
        "élan.idx": slice(90, 91),
        "two\nlines.gz": slice(91, 333),
        "-x": slice(333, 500),
    }
    names = list(parts)
    np.save(project / names[0], images[parts[names[0]]])
    for name in names[1:]:
        idx.save(project / name, images[parts[name]])
    (project / names[2]).write_bytes(gzip.compress((project / names[2]).read_bytes()))
    order = [names[2], names[0], names[3], names[1], names[0]]
    folder = project / "elsewhere"
    folder.mkdir()
    result = run("predict", "--model", "../artifacts/train", "--", *(f"../{name}" for name in order), cwd=folder)
    assert result.returncode == 0, result.stderr
    expected = np.concatenate([labels[parts[name]] for name in order])
    assert np.load(folder / "predictions.npy").tobytes() == expected.astype(np.uint8).tobytes()
    assert file_names(folder) == {"predictions.npy"}


def test_zero_images_have_zero_predictions(run: Run, project: Path) -> None:
    np.save(project / "none.npy", np.zeros((0, 28, 28), np.uint8))
    idx.save(project / "none.idx", np.zeros((0, 28, 28), np.uint8))
    result = run("predict", "none.npy", "none.idx", "--probabilities", "p.npy")
    assert result.returncode == 0, result.stderr
    assert np.load(project / "predictions.npy").shape == (0,)
    assert np.load(project / "p.npy").shape == (0, 10)


def test_predictions_are_published_last(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)

    def fail(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("stages.commands.predict.publish", fail)
    with pytest.raises(OSError, match=r"probabilities.npy"):
        predict([Path(RAW)], probabilities=Path("probabilities.npy"))


def test_key_contains_all_that_influences_the_predictions(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run resumes only with an equal key; tests/pipeline/model/test_blocks.py shows that."""
    monkeypatch.chdir(project)
    keys: list[str] = []

    def predict_and_record(file: str = RAW, **options: Any) -> None:
        predict([Path(file)], **options)
        keys.append(headers.pop())

    headers: list[str] = []
    original = predictions.open_predictions

    def record(*arguments: Any) -> predictions.PredictionFiles:
        headers.append(json.dumps(arguments[1:]))
        return original(*arguments)

    monkeypatch.setattr(predictions, "open_predictions", record)
    predict_and_record()
    predict_and_record()
    assert keys[0] == keys[1]
    shutil.copy2(RAW, "other.npy")
    predict_and_record("other.npy")
    os.utime("other.npy", ns=(1, 1))
    predict_and_record("other.npy")
    predict_and_record(probabilities=Path("probabilities.npy"))
    predict_and_record(model=PRETRAINED)
    monkeypatch.setattr(journal, "fingerprint", lambda function: {"predictions.py": "new"})
    predict_and_record()
    assert len(set(keys)) == len(keys) - 1
