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
from pipeline.engine import resume_log
from pipeline.engine.errors import UsageError
from pipeline.engine.fingerprint import Fingerprint
from pipeline.engine.outputs import working_folder
from pipeline.model import parallel_prediction as predictions
from pipeline.reader import PRETRAINED
from stages.commands.predict import predict
from tests.processes import Run, environment
from tests.stages.common import RAW, assert_one_line, file_names

IN_PROCESSES = ["--scheduler", "processes", "--workers", "2", "--block-size", "33"]


@pytest.mark.parametrize("options", [[], pytest.param(IN_PROCESSES, marks=pytest.mark.slow)])
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


@pytest.mark.slow
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
    monkeypatch.setattr(resume_log, "fingerprint", lambda function: Fingerprint({"predictions.py": "new"}, {}))
    predict_and_record()
    assert len(set(keys)) == len(keys) - 1


WRONG = {
    "nowhere.npy": "nowhere.npy does not exist: check the path",
    "-": "- does not exist: predict does not read standard input",
    "floats.npy": ".astype(np.uint8)",
    "small.npy": "small.npy holds uint8 (500, 27, 28), not uint8 (n, 28, 28): give images of 28 x 28 pixels",
    "fortran.npy": "fortran.npy is in Fortran order: save it with numpy.ascontiguousarray",
    "cut.npy": "cut.npy is not a complete .npy array",
    "cut.gz": "cut.gz cannot be decompressed: damaged gzip data",
    "page.html": "page.html is neither an IDX nor a .npy file: to read pictures, use `handwriting classify`",
}


@pytest.mark.slow
def test_invalid_input_is_one_line_and_no_file_is_left(run: Run, project: Path) -> None:
    images = np.load(project / RAW)
    np.save(project / "small.npy", images[:, :27])
    np.save(project / "floats.npy", images / 255)
    np.save(project / "fortran.npy", np.asfortranarray(images))
    idx.save(project / "cut.gz", images)
    (project / "cut.gz").write_bytes(gzip.compress((project / "cut.gz").read_bytes())[:-500])
    (project / "cut.npy").write_bytes((project / RAW).read_bytes()[:-1])
    (project / "page.html").write_text("<html>")
    before = file_names(project)
    for name, words in WRONG.items():
        result = run("predict", RAW, name)
        assert_one_line(result, 1, words)
        assert len(result.stderr.splitlines()) == 2  # the first names the model
        assert file_names(project) == before


@pytest.mark.parametrize(
    ("output", "probabilities", "words"),
    [
        (f"artifacts/../{RAW}", None, "is already used by this command"),
        ("a.npy", "./a.npy", "a.npy is already used by this command"),
        ("a.npy", ".a.npy.work", ".a.npy.work is already used by this command"),
        ("artifacts", None, "artifacts is a folder, a device or a pipe: name a file"),
        ("/dev/null", None, "/dev/null is a folder, a device or a pipe: name a file"),
        ("artifacts/evaluate/x.npy", None, "lies within a published result: choose another output"),
        ("a.npy", "artifacts/.store/x.npy", "lies within a published result: choose another output"),
    ],
)
def test_invalid_output_is_reported(
    output: str, probabilities: str | None, words: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(UsageError) as caught:
        predict([Path(RAW)], Path(output), Path(probabilities) if probabilities else None)
    assert words in str(caught.value)
    assert file_names(project) == {"artifacts"}


@pytest.mark.slow
def test_second_process_cannot_write_the_same_output(call: Run, project: Path) -> None:
    with working_folder(project / "predictions.npy", "predict"):
        assert_one_line(call("predict", RAW), 1, "another process is writing predictions.npy")
        assert call("predict", RAW, "--output", "other.npy").returncode == 0
        (project / ".predictions.npy.work/resume-log").touch()
    assert call("predict", RAW).returncode == 0


@pytest.mark.slow
def test_progress_is_kept_only_if_a_block_is_done(call: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = ["--scheduler", "tcp://127.0.0.1:9"]
    failed = call("predict", RAW, *unreachable)
    assert failed.returncode == 1 and "progress" not in failed.stderr
    assert file_names(project) == {"artifacts"}

    def fail(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    with monkeypatch.context() as patched:
        patched.setattr("stages.commands.predict.publish", fail)
        assert "progress is kept" in call("predict", RAW).stderr
    assert "resuming after 500 of 500 images" in call("predict", RAW).stderr
    assert file_names(project) == {"artifacts", "predictions.npy"}


def test_folder_in_place_of_the_working_folder_is_not_deleted(call: Run, project: Path) -> None:
    mine = project / ".predictions.npy.work/mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert_one_line(call("predict", RAW), 1, ".predictions.npy.work has files of another program")
    assert mine.read_text() == "mine"


def test_invalid_address_in_environment_names_the_variable(run: Run, project: Path) -> None:
    result = run("predict", RAW, env={**environment(), "DASK_SCHEDULER_ADDRESS": "nonsense"})
    assert_one_line(result, 2, "DASK_SCHEDULER_ADDRESS", "'nonsense' is not one of threads")
