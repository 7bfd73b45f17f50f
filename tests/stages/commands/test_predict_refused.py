"""Invalid inputs, outputs and options of `predict`."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.engine.errors import UsageError
from stages.commands.predict import predict
from stages.commands.shared.outputs import working_folder
from tests.processes import Run, environment
from tests.stages.common import RAW, assert_one_line, file_names

WRONG = {
    "nowhere.npy": "nowhere.npy does not exist: check the path",
    "-": "- does not exist",
    "small.npy": "small.npy holds uint8 (500, 27, 28), not uint8 (any, 28, 28): expected images of 28 x 28 pixels",
    "fortran.npy": "fortran.npy is in Fortran order: save it with numpy.ascontiguousarray",
    "cut.npy": "cut.npy is not a complete .npy array",
    "cut.gz": "cut.gz cannot be decompressed: its gzip data is damaged",
    "page.html": "page.html is neither an IDX nor a .npy file: to read pictures, use `handwriting classify`",
}


def test_invalid_input_is_one_line_and_no_file_is_left(run: Run, project: Path) -> None:
    images = np.load(project / RAW)
    np.save(project / "small.npy", images[:, :27])
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
        ("a.npy", ".a.npy.partial", ".a.npy.partial is already used by this command"),
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


def test_second_process_cannot_write_the_same_output(call: Run, project: Path) -> None:
    with working_folder(project / "predictions.npy", "predict"):
        assert_one_line(call("predict", RAW), 1, "another process is writing predictions.npy")
        assert call("predict", RAW, "--output", "other.npy").returncode == 0
        (project / ".predictions.npy.partial/journal").touch()
    assert call("predict", RAW).returncode == 0


def test_folder_in_place_of_the_working_folder_is_not_deleted(call: Run, project: Path) -> None:
    mine = project / ".predictions.npy.partial/mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert_one_line(call("predict", RAW), 1, ".predictions.npy.partial has files that no run has left")
    assert mine.read_text() == "mine"


def test_invalid_address_in_environment_names_the_variable(run: Run, project: Path) -> None:
    result = run("predict", RAW, env={**environment(), "DASK_SCHEDULER_ADDRESS": "nonsense"})
    assert_one_line(result, 2, "DASK_SCHEDULER_ADDRESS", "'nonsense' is not one of threads")
