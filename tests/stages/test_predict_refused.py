"""What `predict` does not do, and the one line that says why."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.engine.errors import PipelineError, UsageError
from stages.predict import predict
from tests.processes import Run, environment
from tests.stages.common import assert_one_line
from tests.stages.predicting import RAW, visible


def write_wrong_inputs(project: Path) -> None:
    images = np.load(project / RAW)
    np.save(project / "floats.npy", images.astype(np.float32))
    np.save(project / "small.npy", images[:, :27])
    np.save(project / "flat.npy", images.reshape(500, -1))
    np.save(project / "fortran.npy", np.asfortranarray(images))
    np.save(project / "pickled.npy", np.array([print, None], object), allow_pickle=True)
    idx.save(project / "small.idx", images[:, :, :1])
    idx.save(project / "labels.idx", images[:, 0, 0])
    idx.save(project / "whole.idx", images)
    idx.save(project / "whole.gz", images)
    (project / "cut.npy").write_bytes((project / RAW).read_bytes()[:-1])
    (project / "cut.idx").write_bytes((project / "whole.idx").read_bytes()[:-1])
    (project / "cut.gz").write_bytes((project / "whole.gz").read_bytes()[:-500])
    (project / "cut.npy.gz").write_bytes(gzip.compress((project / "cut.npy").read_bytes()))
    (project / "empty").touch()
    (project / "page.html").write_text("<html>")
    (project / "folder").mkdir()
    os.mkfifo(project / "pipe")


WRONG = {
    "nowhere.npy": "No such file or directory: 'nowhere.npy'",
    "-": "No such file or directory: '-'",
    "folder": "folder is a folder",
    "pipe": "pipe is a folder, a device or a pipe",
    "floats.npy": "holds float32 (500, 28, 28), not uint8 (any, 28, 28): needed are images of 28 x 28 pixels",
    "small.npy": "small.npy holds uint8 (500, 27, 28), not uint8 (any, 28, 28): needed are images of 28 x 28 pixels",
    "flat.npy": "flat.npy holds uint8 (500, 784), not uint8 (any, 28, 28)",
    "fortran.npy": "fortran.npy is in Fortran's order: save it with numpy.ascontiguousarray",
    "pickled.npy": "pickled.npy is no whole .npy array",
    "small.idx": "small.idx holds uint8 (500, 28, 1): needed are images of 28 x 28 pixels",
    "labels.idx": "labels.idx holds uint8 (500): needed are images",
    "artifacts/parse/test-labels.npy": "holds uint8 (500), not uint8 (any, 28, 28)",
    "cut.npy": "cut.npy is no whole .npy array",
    "cut.idx": "cut.idx is no IDX file: it ends after 391,999 of 392,000 bytes of data",
    "cut.gz": "cut.gz cannot be unpacked: its gzip is damaged",
    "cut.npy.gz": "cut.npy.gz is no whole .npy array",
    "empty": "empty is no IDX file: its header ends after 0 bytes",
    "page.html": "page.html is no IDX file: it begins with b'<htm'",
}


def test_a_wrong_input_is_named_and_nothing_is_left(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_wrong_inputs(project)
    monkeypatch.chdir(project)
    there = visible(project)
    for name, words in WRONG.items():
        with pytest.raises((PipelineError, OSError)) as caught:
            predict([Path(RAW), Path(name)])
        assert words in str(caught.value)
        assert visible(project) == there
        assert not caplog.messages


def test_errors_are_one_line(run: Run, project: Path) -> None:
    write_wrong_inputs(project)
    for name, words in (
        ("nowhere.npy", "No such file or directory: nowhere.npy. What was there before"),
        ("cut.gz", "cut.gz cannot be unpacked"),
    ):
        result = run("predict", RAW, name)
        assert_one_line(result, 1, words)
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "Missing argument 'IMAGES'"),
        (f"{RAW} --scheduler dask", "'dask' is not one of threads, processes, sync, distributed, nor an address"),
        (f"{RAW} --ship-data", "data are shipped to the workers of a cluster: name one"),
        (f"{RAW} --scheduler tcp://localhost:1 --workers 2", "leave --workers out"),
        (f"{RAW} --output {RAW}", f"{RAW} cannot be two things at once"),
    ],
)
def test_what_was_asked_for_wrongly_is_told(line: str, words: str, run: Run, project: Path) -> None:
    assert_one_line(run("predict", *line.split()), 2, words)
    assert visible(project) == {"artifacts"}


@pytest.mark.parametrize(
    ("output", "probabilities", "words"),
    [
        (f"artifacts/../{RAW}", None, "cannot be two things at once"),
        ("a.npy", "./a.npy", "a.npy cannot be two things at once"),
        ("a.npy", ".a.npy.partial", ".a.npy.partial cannot be two things at once"),
        ("artifacts", None, "artifacts is a folder, a device or a pipe: name a file"),
        ("-", None, "name a file"),
        ("a.npy", "-", "name a file"),
        ("/dev/null", None, "/dev/null is a folder, a device or a pipe: name a file"),
        ("no/where.npy", None, "there is no folder no for where.npy: make it first"),
        ("artifacts/evaluate/x.npy", None, "lies within a published result: choose another output"),
        ("a.npy", "artifacts/.store/x.npy", "lies within a published result: choose another output"),
    ],
)
def test_an_output_that_cannot_be_is_told(
    output: str, probabilities: str | None, words: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(UsageError) as caught:
        predict([Path(RAW)], Path(output), Path(probabilities) if probabilities else None)
    assert words in str(caught.value)
    assert visible(project) == {"artifacts"}


def test_a_wrong_address_in_the_environment_is_told_with_its_variable(run: Run, project: Path) -> None:
    result = run("predict", RAW, env={**environment(), "DASK_SCHEDULER_ADDRESS": "nonsense"})
    assert_one_line(result, 2, "DASK_SCHEDULER_ADDRESS", "'nonsense' is not one of threads")


def test_a_model_that_is_not_there_or_not_whole_is_told(run: Run, project: Path) -> None:
    assert_one_line(run("predict", RAW, "--train", "nowhere"), 1, "run the stage train first (make train)")
    weights = project / "artifacts/train/layer-1-weights.npy"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert_one_line(run("predict", RAW), 1, "layer-1-weights.npy")
    assert visible(project) == {"artifacts"}
