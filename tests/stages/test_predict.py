"""Many images in files, and what the network says of them, by real processes."""

import gzip
import os
import resource
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from stages.predict import _publish, predict
from tests.processes import Run
from tests.stages.common import assert_one_line
from tests.stages.predicting import MANY, RAW, visible


def test_it_says_of_the_test_images_what_evaluate_says(run: Run, project: Path) -> None:
    result = run("predict", RAW, "--probabilities", "probabilities.npy")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("500 images in ")
    assert result.stdout.endswith(" a second -> predictions.npy, probabilities.npy\n")
    for name in ("predictions.npy", "probabilities.npy"):
        assert (project / name).read_bytes() == (project / "artifacts/evaluate" / name).read_bytes()
    assert visible(project) == {"artifacts", "predictions.npy", "probabilities.npy"}


@pytest.mark.parametrize(
    "place",
    [
        ["--scheduler", "sync", "--block-size", "7"],
        ["--scheduler", "threads", "--workers", "3", "--block-size", "33"],
        ["--scheduler", "processes", "--workers", "2", "--block-size", "100"],
        ["--block-size", "1000000"],
    ],
)
def test_where_the_work_is_done_and_in_which_blocks_changes_no_bit(place: list[str], run: Run, project: Path) -> None:
    result = run("predict", RAW, "--output", "labels.npy", "--probabilities", "probabilities.npy", *place)
    assert result.returncode == 0, result.stderr
    for name, other in (("labels.npy", "predictions.npy"), ("probabilities.npy", "probabilities.npy")):
        assert (project / name).read_bytes() == (project / "artifacts/evaluate" / other).read_bytes()


def test_files_of_all_forms_are_answered_one_after_the_other(run: Run, project: Path) -> None:
    images, said = np.load(project / RAW), np.load(project / "artifacts/evaluate/predictions.npy")
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
    order = [names[2], names[0], names[3], names[1], names[0]]
    folder = project / "elsewhere"
    folder.mkdir()
    result = run("predict", "--train", "../artifacts/train", "--", *(f"../{name}" for name in order), cwd=folder)
    assert result.returncode == 0, result.stderr
    expected = np.concatenate([said[parts[name]] for name in order])
    assert np.load(folder / "predictions.npy").tobytes() == expected.tobytes()
    assert visible(folder) == {"predictions.npy"}


def test_gzipped_files_that_look_alike_are_told_apart(run: Run, project: Path) -> None:
    for name, value in (("a.gz", 0), ("b.gz", 255)):  # equally long, and of the same moment
        idx.save(project / "plain", np.full((3, 28, 28), value, np.uint8))
        (project / name).write_bytes(gzip.compress((project / "plain").read_bytes(), 0))
        os.utime(project / name, (1, 1))
    answers = []
    for files in (["a.gz"], ["b.gz"], ["a.gz", "b.gz"]):
        assert run("predict", *files, "--probabilities", "p.npy").returncode == 0
        answers.append(np.load(project / "p.npy"))
    assert not np.array_equal(answers[0], answers[1])
    assert np.array_equal(np.concatenate(answers[:2]), answers[2])


def test_no_images_have_no_answers(run: Run, project: Path) -> None:
    np.save(project / "none.npy", np.zeros((0, 28, 28), np.uint8))
    idx.save(project / "none.idx.gz", np.zeros((0, 28, 28), np.uint8))
    result = run("predict", "none.npy", "none.idx.gz", "--probabilities", "p.npy")
    assert result.returncode == 0, result.stderr
    assert np.load(project / "predictions.npy").shape == (0,)
    assert np.load(project / "p.npy").shape == (0, 10)


def test_a_link_stays_and_what_it_shows_is_written(run: Run, project: Path) -> None:
    folder = project / "large disk"
    folder.mkdir()
    (project / "predictions.npy").symlink_to(folder / "labels.npy")
    assert run("predict", RAW).returncode == 0
    assert (project / "predictions.npy").is_symlink()
    assert len(np.load(folder / "labels.npy")) == 500
    assert visible(folder) == {"labels.npy"}
    loop = project / "loop"
    loop.symlink_to("loop")
    assert run("predict", RAW, "--output", "loop").returncode in (0, 1)  # and no traceback


def test_a_write_that_fails_leaves_everything_as_it_was(run: Run, project: Path) -> None:
    (project / "predictions.npy").write_bytes(b"from before")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))  # bytes that a file may have

    assert_one_line(run("predict", RAW, preexec_fn=limit), 1, "File too large", "What was there before is as it was")
    assert (project / "predictions.npy").read_bytes() == b"from before"
    assert visible(project) == {"artifacts", "predictions.npy"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk to fill")
def test_a_disk_that_is_full_is_named_before_the_work_begins(run: Run, project: Path, many: np.ndarray) -> None:
    disk = project / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        (disk / "small.npy").write_bytes(b"from before")
        result = run("predict", "many.npy", "--output", "disk/labels.npy", "--probabilities", "disk/small.npy")
        assert_one_line(result, 1, "No space left on device")
        assert visible(disk) == {"small.npy"}
        # there would be room for the labels; the probabilities do not come that far, and the labels wait for them
        result = run("predict", "many.npy", "--probabilities", "disk/small.npy")
        assert_one_line(result, 1, "No space left on device")
        assert visible(disk) == {"small.npy"}
        assert (disk / "small.npy").read_bytes() == b"from before"
        result = run("predict", "many.npy", "--probabilities", "large.npy")
        assert result.returncode == 0, result.stderr
        assert len(np.load(project / "large.npy")) == MANY
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_who_sees_the_predictions_sees_all(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)

    def fail(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("stages.predict._publish", fail)
    with pytest.raises(OSError, match=r"probabilities.npy"):  # which come first
        predict([Path(RAW)], probabilities=Path("probabilities.npy"))


def test_an_earlier_output_is_replaced_when_the_disk_has_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "new", tmp_path / "old"
    source.write_text("new")
    target.write_text("old")
    waited: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: waited.append(target.read_text()))
    _publish(source, target)
    assert waited == ["old"]
    assert target.read_text() == "new"
