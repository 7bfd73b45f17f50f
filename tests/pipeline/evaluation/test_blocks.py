import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from pipeline.engine.arrays import Rows, open_rows, read_rows, save_array
from pipeline.engine.errors import PipelineError
from pipeline.evaluation import blocks
from pipeline.evaluation.blocks import predict_blocks, signature, split_blocks
from pipeline.model.model import Model, load_model
from pipeline.model.prediction import predict
from pipeline.scheduling.backends import SYNC, Backend
from tests.pipeline.evaluation.common import predict_test_images


@pytest.fixture(scope="session")
def whole(built: Path, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return predict_test_images(built, tmp_path_factory.mktemp("predictions"), SYNC, 500)


@pytest.mark.parametrize(
    ("scheduler", "block_size", "workers"),
    [
        *[("sync", size, None) for size in (7, 128, 1000)],
        *[("threads", 1, None), ("threads", 7, 5)],
        ("processes", 7, 2),
        ("distributed", 100, 2),
    ],
)
def test_backend_and_block_size_do_not_change_a_bit(
    scheduler: str, block_size: int, workers: int | None, built: Path, whole: np.ndarray, tmp_path: Path
) -> None:
    result = predict_test_images(built, tmp_path, Backend(scheduler, workers), block_size)
    assert result.tobytes() == whole.tobytes()
    assert result.dtype == np.float32


def test_predictions_are_those_of_the_model(built: Path, whole: np.ndarray) -> None:
    images = np.load(built / "normalize" / "test-images.npy")
    np.testing.assert_allclose(whole, predict(load_model(built / "train"), images), rtol=1e-4, atol=1e-7)


def test_raw_images_give_labels_of_standardised_images(built: Path, whole: np.ndarray, tmp_path: Path) -> None:
    raw = open_rows(built / "parse" / "test-images.npy", np.uint8, (None, 28, 28))
    found: dict[int, np.ndarray] = {}
    request = (load_model(built / "train"), True)
    predict_blocks(request, split_blocks([raw], 128), found.__setitem__, SYNC)
    labels = np.concatenate([found[start] for start in sorted(found)])
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, whole.argmax(axis=1))


def test_number_of_blas_threads_is_restored(built: Path, tmp_path: Path) -> None:
    before = [library["num_threads"] for library in threadpool_info()]
    predict_test_images(built, tmp_path, Backend("threads"), 100)
    assert [library["num_threads"] for library in threadpool_info()] == before


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    size=st.integers(1, 40),
    done=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted).map(tuple), max_size=5),
)
def test_blocks_cover_each_image_that_is_not_done_once(
    lengths: list[int], size: int, done: list[tuple[int, int]]
) -> None:
    files = [Rows(Path(__file__), np.dtype(np.uint8), (length, 2, 2), 0) for length in lengths]
    found = list(split_blocks(files, size, done))
    indices = [block.first + index for block in found for index in range(block.start, block.stop)]
    finished = {index for start, stop in done for index in range(start, stop)}
    assert indices == [index for index in range(sum(lengths)) if index not in finished]
    for block in found:
        assert block.stop - block.start <= size
        assert block.stop <= len(block.rows)


def make_file(path: Path, array: np.ndarray) -> Rows:
    save_array(path, array)
    return open_rows(path, array.dtype, array.shape)


@pytest.mark.parametrize("when", ["before", "before, sent", "while it is read"])
def test_file_that_changes_is_an_error(when: str, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_file(tmp_path / "images.npy", np.zeros((9, 28, 28), np.uint8))
    found = list(split_blocks([rows], 4))

    def read_and_touch(rows: Rows, start: int, stop: int) -> np.ndarray:
        os.utime(rows.path, ns=(1, 1))
        return read_rows(rows, start, stop)

    if when == "while it is read":
        monkeypatch.setattr(blocks, "read_rows", read_and_touch)
    else:
        os.utime(rows.path, ns=(1, 1))
    backend = dataclasses.replace(SYNC, send_data=when == "before, sent")
    with pytest.raises(PipelineError, match=r"images.npy changed during the run"):
        predict_blocks((load_model(built / "train"), True), found, lambda start, predictions: None, backend)


def test_signatures_are_taken_before_the_first_block(tmp_path: Path) -> None:
    files = [make_file(tmp_path / name, np.zeros((9, 28, 28), np.uint8)) for name in ("first.npy", "second.npy")]
    before, all_blocks = signature(files[1].path), split_blocks(files, 9)
    next(all_blocks)
    os.utime(files[1].path, ns=(1, 1))
    assert next(all_blocks).signature == before


def test_model_gets_position_of_block_in_its_file(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On some machines the last bits depend on the position."""
    calls = []

    def record(model: Model, images: np.ndarray, first: int) -> np.ndarray:
        calls.append((first, len(images)))
        return predict(model, images, first)

    monkeypatch.setattr(blocks, "predict", record)
    rows = make_file(tmp_path / "images.npy", np.zeros((9, 28, 28), np.uint8))
    request = (load_model(built / "train"), False)
    predict_blocks(request, split_blocks([rows, rows], 4), lambda start, predictions: None, Backend("sync"))
    assert sorted(calls) == [(0, 4), (0, 4), (4, 4), (4, 4), (8, 1), (8, 1)]


def test_predictions_that_are_not_finite_are_an_error(built: Path, tmp_path: Path) -> None:
    found = split_blocks([make_file(tmp_path / "images.npy", np.full((9, 28, 28), np.nan, np.float32))], 4)
    with pytest.raises(PipelineError, match=r"predictions for .*images.npy are not finite"):
        predict_blocks((load_model(built / "train"), True), found, lambda start, predictions: None, SYNC)
