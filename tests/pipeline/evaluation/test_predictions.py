from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.arrays import Rows, open_rows, read_rows, write_rows
from pipeline.engine.errors import PipelineError
from pipeline.evaluation.predictions import JOURNAL, PREDICTIONS, PROBABILITIES, PredictionFiles, fill, open_predictions
from pipeline.model.files import Model, load_model
from pipeline.scheduling.backends import SYNC

NAMES = (PREDICTIONS, PROBABILITIES)


class CutOffHere(Exception):  # noqa: N818, it is no error
    """Somebody has had enough."""


@pytest.fixture(scope="module")
def model(built: Path) -> Model:
    return load_model(built / "train")


@pytest.fixture(scope="module")
def images(built: Path) -> list[Rows]:
    return [open_rows(built / "parse" / f"{part}-images.npy", np.uint8, (None, 28, 28)) for part in ("test", "train")]


def begin(folder: Path, model: Model, images: list[Rows], blocks: int, purpose: object = "test") -> None:
    """Answer so many blocks of 100 images, and then be cut off."""
    predictions = open_predictions(folder, NAMES, sum(map(len, images)), 10, purpose)
    count = 0

    def advance(done: int) -> None:
        nonlocal count
        count += 1
        if count == blocks:
            raise CutOffHere

    with pytest.raises(CutOffHere):
        fill(predictions, model, images, 100, SYNC, advance)


def finish(
    predictions: PredictionFiles, model: Model, images: list[Rows], block_size: int
) -> tuple[list[np.ndarray], int]:
    """The predictions when all are there, and how many images were predicted for it."""
    done: list[int] = []
    fill(predictions, model, images, block_size, SYNC, done.append)
    return [read_rows(rows, 0, len(rows)) for rows in predictions.files.values()], sum(done)


@pytest.mark.parametrize("blocks", [1, 3, 7, 24])
@pytest.mark.parametrize("block_size", [100, 64, 5000])
def test_a_run_that_was_cut_off_goes_on_and_repeats_no_finished_block(
    blocks: int, block_size: int, model: Model, images: list[Rows], tmp_path: Path
) -> None:
    total = sum(map(len, images))
    fresh = open_predictions(tmp_path / "whole", NAMES, total, 10, "test")
    whole, worked = finish(fresh, model, images, 100)
    assert worked == total
    begin(tmp_path / "cut", model, images, blocks)
    predictions = open_predictions(tmp_path / "cut", NAMES, total, 10, "test")
    assert predictions.count == 100 * blocks
    found, worked = finish(predictions, model, images, block_size)
    assert worked == total - 100 * blocks
    for one, other in zip(found, whole, strict=True):
        assert one.tobytes() == other.tobytes()


def test_answers_with_another_purpose_are_begun_anew(model: Model, images: list[Rows], tmp_path: Path) -> None:
    total = sum(map(len, images))
    begin(tmp_path, model, images, 3)
    assert open_predictions(tmp_path, NAMES, total, 10, "test").count == 300
    assert not open_predictions(tmp_path / "new", NAMES, total, 10, "test").journal.exists()
    for purpose, names, count in [("other", NAMES, total), ("test", [PREDICTIONS], total), ("test", NAMES, total + 1)]:
        begin(tmp_path, model, images, 3)
        assert open_predictions(tmp_path, names, count, 10, purpose).count == 0


def test_a_block_whose_rows_are_not_as_they_were_written_is_done_again(
    model: Model, images: list[Rows], tmp_path: Path
) -> None:
    total = sum(map(len, images))
    begin(tmp_path, model, images, 5)
    before = open_predictions(tmp_path, NAMES, total, 10, "test")
    for name, (start, _) in zip(NAMES, before.done[1:3], strict=True):  # as after a power failure
        rows = before.files[name]
        write_rows(rows, start + 50, np.full((10, *rows.shape[1:]), 77, rows.dtype))
    after = open_predictions(tmp_path, NAMES, total, 10, "test")
    assert list(after.done) == [before.done[0], *before.done[3:]]


@pytest.mark.parametrize("damage", ["torn", "garbage", "beyond", "empty", "no file"])
def test_a_damaged_journal_is_no_harm(damage: str, model: Model, images: list[Rows], tmp_path: Path) -> None:
    total = sum(map(len, images))
    begin(tmp_path, model, images, 4)
    journal = tmp_path / JOURNAL
    body = journal.read_bytes()
    if damage == "no file":
        (tmp_path / f".{PREDICTIONS}").unlink()
    else:
        bodies = {
            "torn": body[:-4],
            "garbage": body + b"\xff\xfe 1\n",
            "beyond": body + b"0 99999999 5\n",
            "empty": b"",
        }
        journal.write_bytes(bodies[damage])
    expected = {"torn": 300, "garbage": 0, "beyond": 400, "empty": 0, "no file": 0}
    predictions = open_predictions(tmp_path, NAMES, total, 10, "test")
    assert predictions.count == expected[damage]
    found, worked = finish(predictions, model, images, 1000)
    assert worked == total - expected[damage]
    assert (found[0] == found[1].argmax(axis=1)).all()
    assert found[1].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_after_a_line_that_is_torn_others_can_follow(model: Model, images: list[Rows], tmp_path: Path) -> None:
    total = sum(map(len, images))
    begin(tmp_path, model, images, 4)
    for expected in (300, 500, 700):  # each time three more, of which the last is not whole
        journal = tmp_path / JOURNAL
        journal.write_bytes(journal.read_bytes()[:-4])
        assert open_predictions(tmp_path, NAMES, total, 10, "test").count == expected
        begin(tmp_path, model, images, 3)


def test_an_image_that_is_told_of_twice_counts_once(model: Model, images: list[Rows], tmp_path: Path) -> None:
    total = sum(map(len, images))
    begin(tmp_path, model, images, 2)
    journal = tmp_path / JOURNAL
    head, *lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([head, *lines, *lines]))
    predictions = open_predictions(tmp_path, NAMES, total, 10, "test")
    assert predictions.count == 200
    assert finish(predictions, model, images, 1000)[1] == total - 200


def test_what_a_task_raises_leaves_the_finished_blocks(model: Model, images: list[Rows], tmp_path: Path) -> None:
    copy = tmp_path / "images.npy"
    copy.write_bytes((images[0].path).read_bytes())
    rows = open_rows(copy, np.uint8, (None, 28, 28))
    predictions = open_predictions(tmp_path / "predictions", NAMES, len(rows), 10, "test")
    with pytest.raises(PipelineError, match="another file by now"):
        fill(predictions, model, [rows], 100, SYNC, lambda done: copy.write_bytes(b"\x93NUMPY"))
    assert open_predictions(tmp_path / "predictions", NAMES, len(rows), 10, "test").count >= 100
