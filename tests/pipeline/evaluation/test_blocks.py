import os
import signal
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from pipeline.engine.arrays import ArrayError, save_array
from pipeline.engine.errors import PipelineError
from pipeline.evaluation import blocks
from pipeline.evaluation.blocks import Result, SchedulerName, evaluate_blocks
from pipeline.network.model import load_model, save_model
from pipeline.network.prediction import predict


def evaluate(built: Path, scheduler: SchedulerName, block_size: int, workers: int | None = None) -> Result:
    images, labels = built / "normalize" / "test-images.npy", built / "normalize" / "test-labels.npy"
    return evaluate_blocks(images, labels, built / "train", scheduler=scheduler, block_size=block_size, workers=workers)


@pytest.fixture(scope="session")
def whole(built: Path) -> Result:
    return evaluate(built, "sync", 500)


@pytest.mark.parametrize(
    ("scheduler", "block_size", "workers"),
    [
        *[(scheduler, size, None) for scheduler in ("sync", "threads") for size in (1, 7, 128, 1000)],
        *[("threads", 7, workers) for workers in (1, 2, 5)],
        ("processes", 7, 2),
        ("processes", 1000, 1),
    ],
)
def test_no_scheduler_block_size_or_number_of_workers_changes_a_bit(
    scheduler: SchedulerName, block_size: int, workers: int | None, built: Path, whole: Result
) -> None:
    result = evaluate(built, scheduler, block_size, workers)
    assert result.probabilities.tobytes() == whole.probabilities.tobytes()
    assert result.probabilities.dtype == np.float32
    assert np.array_equal(result.confusion, whole.confusion)
    assert result.confusion.dtype == np.int64


@pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
def test_each_block_is_told_of_once_it_is_done(scheduler: SchedulerName, built: Path) -> None:
    images, labels = built / "normalize" / "test-images.npy", built / "normalize" / "test-labels.npy"
    told: list[int] = []
    evaluate_blocks(images, labels, built / "train", scheduler=scheduler, block_size=200, advance=told.append)
    assert sorted(told) == [100, 200, 200]


def test_the_result_is_the_models_and_counted_right(built: Path, whole: Result) -> None:
    images, labels = (np.load(built / "normalize" / f"test-{what}.npy") for what in ("images", "labels"))
    np.testing.assert_allclose(whole.probabilities, predict(load_model(built / "train"), images), rtol=1e-4, atol=1e-7)
    assert np.trace(whole.confusion) == (whole.probabilities.argmax(axis=1) == labels).sum()
    assert np.array_equal(whole.confusion.sum(axis=1), np.bincount(labels, minlength=10))


def test_a_model_that_was_replaced_is_opened_anew(built: Path, tmp_path: Path) -> None:
    images, labels = built / "normalize" / "test-images.npy", built / "normalize" / "test-labels.npy"
    model = load_model(built / "train")
    save_model(tmp_path, model, {})
    before = evaluate_blocks(images, labels, tmp_path, scheduler="sync")
    for layer in model.members[0]:
        layer.weights[...] = 0
    save_model(tmp_path, model, {})
    assert not np.array_equal(evaluate_blocks(images, labels, tmp_path, scheduler="sync").confusion, before.confusion)


def test_a_worker_that_is_killed_is_told(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_evaluate_block", killed)
    with pytest.raises(PipelineError, match="a worker process has died"):
        evaluate(built, "processes", 100, workers=1)


def killed(*arguments: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_blas_has_its_threads_back_afterwards(built: Path) -> None:
    before = [library["num_threads"] for library in threadpool_info()]
    evaluate(built, "threads", 100)
    assert [library["num_threads"] for library in threadpool_info()] == before


def test_labels_of_another_number_are_refused(built: Path, tmp_path: Path) -> None:
    save_array(tmp_path / "labels.npy", np.zeros(3, np.uint8))
    with pytest.raises(ArrayError, match=r"holds uint8 \(3\), not uint8 \(500\)"):
        evaluate_blocks(built / "normalize" / "test-images.npy", tmp_path / "labels.npy", built / "train")


def test_images_of_another_size_than_the_models_are_refused(built: Path, tmp_path: Path) -> None:
    save_array(tmp_path / "images.npy", np.zeros((500, 8, 8), np.float32))
    with pytest.raises(PipelineError, match="images.npy holds"):
        evaluate_blocks(tmp_path / "images.npy", built / "normalize" / "test-labels.npy", built / "train")
