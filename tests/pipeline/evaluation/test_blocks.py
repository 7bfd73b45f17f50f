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
from pipeline.evaluation.blocks import cut, predict_blocks, signature
from pipeline.model.files import Model, load_model
from pipeline.model.prediction import predict
from pipeline.scheduling.backends import SYNC, Backend
from tests.pipeline.evaluation.common import predict_block


@pytest.fixture(scope="session")
def whole(built: Path, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return predict_block(built, tmp_path_factory.mktemp("predictions"), SYNC, 500)


@pytest.mark.parametrize(
    ("scheduler", "block_size", "workers"),
    [
        *[(scheduler, size, None) for scheduler in ("sync", "threads") for size in (1, 7, 128, 1000)],
        *[("threads", 7, workers) for workers in (1, 2, 5)],
        ("processes", 7, 2),
        ("processes", 1000, 1),
        ("distributed", 100, 2),
    ],
)
def test_no_scheduler_block_size_or_number_of_workers_changes_a_bit(
    scheduler: str, block_size: int, workers: int | None, built: Path, whole: np.ndarray, tmp_path: Path
) -> None:
    result = predict_block(built, tmp_path, Backend(scheduler, workers), block_size)
    assert result.tobytes() == whole.tobytes()
    assert result.dtype == np.float32


def test_the_answers_are_the_models(built: Path, whole: np.ndarray) -> None:
    images = np.load(built / "normalize" / "test-images.npy")
    np.testing.assert_allclose(whole, predict(load_model(built / "train"), images), rtol=1e-4, atol=1e-7)


def test_raw_images_are_answered_as_standardised_ones(built: Path, whole: np.ndarray, tmp_path: Path) -> None:
    raw = open_rows(built / "parse" / "test-images.npy", np.uint8, (None, 28, 28))
    found: dict[int, np.ndarray] = {}
    request = (load_model(built / "train"), True)
    predict_blocks(request, cut([raw], 128), found.__setitem__, SYNC)
    said = np.concatenate([found[start] for start in sorted(found)])
    assert said.dtype == np.uint8
    assert np.array_equal(said, whole.argmax(axis=1))


def test_blas_has_its_threads_back_afterwards(built: Path, tmp_path: Path) -> None:
    before = [library["num_threads"] for library in threadpool_info()]
    predict_block(built, tmp_path, Backend("threads"), 100)
    assert [library["num_threads"] for library in threadpool_info()] == before


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    size=st.integers(1, 40),
    done=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted).map(tuple), max_size=5),
)
def test_blocks_are_all_images_once_but_those_that_are_done(
    lengths: list[int], size: int, done: list[tuple[int, int]]
) -> None:
    files = [Rows(Path(__file__), np.dtype(np.uint8), (length, 2, 2), 0) for length in lengths]
    found = list(cut(files, size, done))
    asked = [block.first + number for block in found for number in range(block.start, block.stop)]
    finished = {number for start, stop in done for number in range(start, stop)}
    assert asked == [number for number in range(sum(lengths)) if number not in finished]
    for block in found:
        assert block.stop - block.start <= size
        assert block.stop <= len(block.rows)


@pytest.mark.parametrize("ship", [False, True])
def test_a_file_that_has_changed_since_is_not_read(ship: bool, built: Path, tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    save_array(path, np.zeros((9, 28, 28), np.uint8))
    found = list(cut([open_rows(path, np.uint8, (9, 28, 28))], 4))
    os.utime(path, ns=(1, 1))
    request = (load_model(built / "train"), True)
    with pytest.raises(PipelineError, match=r"images.npy is another file by now"):
        predict_blocks(request, found, lambda start, predictions: None, dataclasses.replace(SYNC, ship=ship))


def test_a_file_that_changes_while_it_is_read_gives_no_answers(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.npy"
    save_array(path, np.zeros((9, 28, 28), np.uint8))

    def read_slowly(rows: Rows, start: int, stop: int) -> np.ndarray:
        os.utime(path, ns=(1, 1))
        return read_rows(rows, start, stop)

    monkeypatch.setattr(blocks, "read_rows", read_slowly)
    request = (load_model(built / "train"), True)
    with pytest.raises(PipelineError, match=r"images.npy is another file by now"):
        predict_blocks(request, cut([open_rows(path, np.uint8, (9, 28, 28))], 9), lambda start, predictions: None, SYNC)


def test_a_file_is_known_by_what_it_was_when_all_began(tmp_path: Path) -> None:
    files = []
    for name in ("first.npy", "second.npy"):
        save_array(tmp_path / name, np.zeros((9, 28, 28), np.uint8))
        files.append(open_rows(tmp_path / name, np.uint8, (9, 28, 28)))
    before, blocks_of_both = signature(files[1].path), cut(files, 9)
    next(blocks_of_both)
    os.utime(files[1].path, ns=(1, 1))
    assert next(blocks_of_both).signature == before


def test_a_block_is_answered_at_its_place_in_its_file(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which the last bits may depend on a machine, if not on every one."""
    path = tmp_path / "images.npy"
    save_array(path, np.zeros((9, 28, 28), np.uint8))
    asked = []

    def note(model: Model, images: np.ndarray, first: int) -> np.ndarray:
        asked.append((first, len(images)))
        return predict(model, images, first)

    monkeypatch.setattr(blocks, "predict", note)
    rows = open_rows(path, np.uint8, (9, 28, 28))
    request = (load_model(built / "train"), False)
    predict_blocks(request, cut([rows, rows], 4), lambda start, predictions: None, Backend("sync"))
    assert sorted(asked) == [(0, 4), (0, 4), (4, 4), (4, 4), (8, 1), (8, 1)]


def test_answers_that_are_no_numbers_are_refused(built: Path, tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    save_array(path, np.full((9, 28, 28), np.nan, np.float32))
    request = (load_model(built / "train"), True)
    with pytest.raises(PipelineError, match=r"no finite answer to some images of .*images.npy"):
        predict_blocks(
            request, cut([open_rows(path, np.float32, (9, 28, 28))], 4), lambda start, predictions: None, SYNC
        )
