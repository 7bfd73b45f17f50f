import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.arrays import Rows, open_rows, read_rows
from pipeline.engine.errors import PipelineError
from pipeline.evaluation.predictions import (
    JOURNAL,
    PREDICTIONS,
    PROBABILITIES,
    PredictionFiles,
    open_predictions,
    predict_missing,
)
from pipeline.model.model import Model, load_model
from pipeline.scheduling.backends import SYNC

NAMES = (PREDICTIONS, PROBABILITIES)


class InterruptError(Exception):
    pass


@pytest.fixture(scope="module")
def model(built: Path) -> Model:
    return load_model(built / "train")


@pytest.fixture(scope="module")
def images(built: Path) -> list[Rows]:
    return [open_rows(built / "parse" / f"{part}-images.npy", np.uint8, (None, 28, 28)) for part in ("test", "train")]


def predict_and_interrupt(folder: Path, model: Model, images: list[Rows], blocks: int, key: object = "test") -> None:
    predictions = open_predictions(folder, NAMES, sum(map(len, images)), 10, key)
    count = 0

    def advance(done: int) -> None:
        nonlocal count
        count += 1
        if count == blocks:
            raise InterruptError

    with pytest.raises(InterruptError):
        predict_missing(predictions, model, images, 100, SYNC, advance)


def finish(
    predictions: PredictionFiles, model: Model, images: list[Rows], block_size: int
) -> tuple[list[np.ndarray], int]:
    """Return all predictions and the number of images predicted by this call."""
    done: list[int] = []
    predict_missing(predictions, model, images, block_size, SYNC, done.append)
    return [read_rows(rows, 0, len(rows)) for rows in predictions.files.values()], sum(done)


@pytest.mark.parametrize("blocks", [1, 3, 7, 24])
@pytest.mark.parametrize("block_size", [100, 64, 5000])
def test_interrupted_run_resumes_without_repeats_to_same_bytes(
    blocks: int, block_size: int, model: Model, images: list[Rows], tmp_path: Path
) -> None:
    total = sum(map(len, images))
    fresh = open_predictions(tmp_path / "whole", NAMES, total, 10, "test")
    whole, predicted = finish(fresh, model, images, 100)
    assert predicted == total
    predict_and_interrupt(tmp_path / "cut", model, images, blocks)
    predictions = open_predictions(tmp_path / "cut", NAMES, total, 10, "test")
    assert predictions.done_count == 100 * blocks
    found, predicted = finish(predictions, model, images, block_size)
    assert predicted == total - 100 * blocks
    for one, other in zip(found, whole, strict=True):
        assert one.tobytes() == other.tobytes()


def test_other_key_names_or_total_start_from_scratch(model: Model, images: list[Rows], tmp_path: Path) -> None:
    total = sum(map(len, images))
    predict_and_interrupt(tmp_path, model, images, 3)
    assert open_predictions(tmp_path, NAMES, total, 10, "test").done_count == 300
    for key, names, count in [("other", NAMES, total), ("test", [PREDICTIONS], total), ("test", NAMES, total + 1)]:
        predict_and_interrupt(tmp_path, model, images, 3)
        assert open_predictions(tmp_path, names, count, 10, key).done_count == 0


@pytest.mark.parametrize(
    ("damage", "done"), [("truncated", 300), ("garbage", 0), ("other words", 0), ("empty", 0), ("no file", 0)]
)
def test_damaged_journal_loses_only_progress(
    damage: str, done: int, model: Model, images: list[Rows], tmp_path: Path
) -> None:
    total = sum(map(len, images))
    predict_and_interrupt(tmp_path, model, images, 4)
    journal = tmp_path / JOURNAL
    body = journal.read_bytes()
    if damage == "no file":
        (tmp_path / f".{PREDICTIONS}").unlink()
    else:
        bodies = {
            "truncated": body[:-4],
            "garbage": body + b"\xff\xfe 1\n",
            "other words": body + b"0 five\n",
            "empty": b"",
        }
        journal.write_bytes(bodies[damage])
    predictions = open_predictions(tmp_path, NAMES, total, 10, "test")
    assert predictions.done_count == done
    found, predicted = finish(predictions, model, images, 1000)
    assert predicted == total - done
    assert (found[0] == found[1].argmax(axis=1)).all()
    assert found[1].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_lines_can_follow_a_truncated_line(model: Model, images: list[Rows], tmp_path: Path) -> None:
    total = sum(map(len, images))
    predict_and_interrupt(tmp_path, model, images, 4)
    for expected in (300, 500, 700):  # each run adds three blocks; the line of the last is truncated
        journal = tmp_path / JOURNAL
        journal.write_bytes(journal.read_bytes()[:-4])
        assert open_predictions(tmp_path, NAMES, total, 10, "test").done_count == expected
        predict_and_interrupt(tmp_path, model, images, 3)


def test_block_is_on_the_disk_before_its_line_in_the_journal(
    model: Model, images: list[Rows], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: journals.append((tmp_path / JOURNAL).read_bytes()))
    predict_and_interrupt(tmp_path, model, images, 2)
    assert [body.count(b"\n") for body in journals] == [
        1,
        1,
        2,
        2,
    ]  # two files for each block; the first line is the key


def test_error_keeps_finished_blocks(model: Model, images: list[Rows], tmp_path: Path) -> None:
    copy = tmp_path / "images.npy"
    copy.write_bytes((images[0].path).read_bytes())
    rows = open_rows(copy, np.uint8, (None, 28, 28))
    predictions = open_predictions(tmp_path / "predictions", NAMES, len(rows), 10, "test")
    with pytest.raises(PipelineError, match=r"images\.npy"):
        predict_missing(predictions, model, [rows], 100, SYNC, lambda done: copy.write_bytes(b"\x93NUMPY"))
    assert open_predictions(tmp_path / "predictions", NAMES, len(rows), 10, "test").done_count >= 100
