import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from pipeline.engine.arrays import ArrayFile, open_array_file, read_entries, save_array
from pipeline.engine.errors import PipelineError
from pipeline.engine.resume_log import RESUME_LOG
from pipeline.model import parallel_prediction as module
from pipeline.model.model import Model, load_model
from pipeline.model.parallel_prediction import (
    PREDICTIONS,
    PROBABILITIES,
    PredictionFiles,
    load_blocks,
    open_predictions,
    predict_blocks,
    predict_missing,
)
from pipeline.model.prediction import predict
from pipeline.scheduling.backends import Backend

SINGLE = Backend("threads", 1)

NAMES = (PREDICTIONS, PROBABILITIES)


class InterruptError(Exception):
    pass


@pytest.fixture(scope="module")
def model(built: Path) -> Model:
    return load_model(built / "train")


@pytest.fixture(scope="module")
def images(built: Path) -> list[ArrayFile]:
    return [
        open_array_file(built / "parse" / f"{part}-images.npy", np.uint8, (None, 28, 28)) for part in ("test", "train")
    ]


@pytest.fixture(scope="module")
def whole(model: Model, images: list[ArrayFile], tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """Return labels and probabilities of all images."""
    fresh = open_predictions(tmp_path_factory.mktemp("whole"), NAMES, sum(map(len, images)), 10, "test")
    return finish(fresh, model, images, 500)[0]


def predict_and_interrupt(
    folder: Path, model: Model, images: list[ArrayFile], blocks: int, key: object = "test"
) -> None:
    predictions = open_predictions(folder, NAMES, sum(map(len, images)), 10, key)
    count = 0

    def advance(done: int) -> None:
        nonlocal count
        count += 1
        if count == blocks:
            raise InterruptError

    with pytest.raises(InterruptError):
        predict_missing(predictions, model, images, 100, SINGLE, advance)


def finish(
    predictions: PredictionFiles, model: Model, images: list[ArrayFile], block_size: int, backend: Backend = SINGLE
) -> tuple[list[np.ndarray], int]:
    """Return all predictions and the number of images predicted by this call."""
    done: list[int] = []
    predict_missing(predictions, model, images, block_size, backend, done.append)
    return [read_entries(array, 0, len(array)) for array in predictions.files.values()], sum(done)


@pytest.mark.parametrize(
    ("backend", "block_size"),
    [
        (SINGLE, 128),
        (Backend("threads"), 3),
        (Backend("threads", 5), 7),
        pytest.param(Backend("processes", 2), 77, marks=pytest.mark.slow),
    ],
)
def test_backend_and_block_size_do_not_change_a_bit(
    backend: Backend, block_size: int, model: Model, images: list[ArrayFile], whole: list[np.ndarray], tmp_path: Path
) -> None:
    threads = [library["num_threads"] for library in threadpool_info()]
    found = finish(
        open_predictions(tmp_path, NAMES, len(images[0]), 10, "test"), model, images[:1], block_size, backend
    )
    assert [array.tobytes() for array in found[0]] == [array[: len(images[0])].tobytes() for array in whole]
    assert [library["num_threads"] for library in threadpool_info()] == threads


@pytest.mark.parametrize(("blocks", "block_size"), [(1, 100), (3, 64), (7, 5000), (24, 100)])
def test_interrupted_run_resumes_without_repeats_to_same_bytes(
    blocks: int, block_size: int, model: Model, images: list[ArrayFile], whole: list[np.ndarray], tmp_path: Path
) -> None:
    total = sum(map(len, images))
    predict_and_interrupt(tmp_path, model, images, blocks)
    predictions = open_predictions(tmp_path, NAMES, total, 10, "test")
    assert predictions.done == 100 * blocks
    found, predicted = finish(predictions, model, images, block_size)
    assert predicted == total - 100 * blocks
    assert [array.tobytes() for array in found] == [array.tobytes() for array in whole]


def test_other_key_names_or_total_start_from_scratch(model: Model, images: list[ArrayFile], tmp_path: Path) -> None:
    total = sum(map(len, images))
    for key, names, count in [("other", NAMES, total), ("test", [PREDICTIONS], total), ("test", NAMES, total + 1)]:
        predict_and_interrupt(tmp_path, model, images, 3)
        assert open_predictions(tmp_path, names, count, 10, key).done == 0


def test_block_is_on_the_disk_before_its_entry_in_the_resume_log(
    model: Model, images: list[ArrayFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: logs.append((tmp_path / RESUME_LOG).read_bytes()))
    predict_and_interrupt(tmp_path, model, images, 2)
    # two files for each block; the first line is the key
    assert [body.count(b"\n") for body in logs] == [1, 1, 2, 2]


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=4), size=st.integers(1, 40), done=st.integers(0, 120))
def test_blocks_contain_each_missing_image_once(lengths: list[int], size: int, done: int) -> None:
    body, total = Path(__file__).read_bytes(), sum(lengths)
    files = [ArrayFile(Path(__file__), np.dtype(np.uint8), (length, 1), 0) for length in lengths]
    found = list(load_blocks(files, size, min(done, total)))
    assert all(len(block.images) <= size for block in found)
    rest = b"".join(body[:length] for length in lengths)[done:]
    assert b"".join(block.images.tobytes() for block in found) == rest
    assert all(block.images.tobytes() == body[block.first : block.first + len(block.images)] for block in found)


def make_file(path: Path, array: np.ndarray) -> ArrayFile:
    save_array(path, array)
    return open_array_file(path, array.dtype, array.shape)


@pytest.mark.parametrize("when", ["while another is read", "while it is read"])
def test_file_that_changes_is_an_error(when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [make_file(tmp_path / name, np.zeros((9, 28, 28), np.uint8)) for name in ("first.npy", "second.npy")]
    if when == "while it is read":

        def read_and_touch(array: ArrayFile, start: int, stop: int) -> np.ndarray:
            os.utime(array.path, ns=(1, 1))
            return read_entries(array, start, stop)

        monkeypatch.setattr(module, "read_entries", read_and_touch)
        with pytest.raises(PipelineError, match=r"first.npy changed during the run"):
            next(load_blocks(files, 9, 0))
    else:
        blocks = load_blocks(files, 9, 0)
        next(blocks)
        os.utime(files[1].path, ns=(1, 1))
        with pytest.raises(PipelineError, match=r"second.npy changed during the run"):
            next(blocks)


def test_model_gets_position_of_block_in_its_file(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On some machines the last bits depend on the position."""
    calls = []

    def record(model: Model, images: np.ndarray, first: int) -> np.ndarray:
        calls.append((first, len(images)))
        return predict(model, images, first)

    monkeypatch.setattr(module, "predict", record)
    array = make_file(tmp_path / "images.npy", np.zeros((9, 28, 28), np.uint8))
    assert len(list(predict_blocks(model, [array, array], 4, SINGLE))) == 6
    assert sorted(calls) == [(0, 4), (0, 4), (4, 4), (4, 4), (8, 1), (8, 1)]


def test_predictions_that_are_not_finite_are_an_error(model: Model, tmp_path: Path) -> None:
    array = make_file(tmp_path / "images.npy", np.zeros((9, 28, 28), np.uint8))
    broken = replace(model, parameters=tuple(np.full_like(flat, np.nan) for flat in model.parameters))
    with pytest.raises(PipelineError, match=r"predictions for .*images.npy are not finite"):
        list(predict_blocks(broken, [array], 4, SINGLE))
