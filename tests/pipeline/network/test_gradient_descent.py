from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.network import gradient_descent as module
from pipeline.network.gradient_descent import TrainingState, make_slices, make_steps, shuffled_batches, train_epoch
from pipeline.network.losses import LOSSES, cross_entropy
from pipeline.network.network import backward, forward
from pipeline.network.optimizers import OPTIMIZERS, Optimizer, sgd
from pipeline.network.thread_pool import ThreadPool
from pipeline.training.classification import Images
from pipeline.training.recipe import Recipe
from tests.pipeline.network.kinds import EXAMPLES
from tests.pipeline.networks import make_examples, make_network

SHAPE, COUNT = (7, 6), 100
ARCHITECTURES = pytest.mark.parametrize("layers", ["12,9", "4,4,4", "conv6x3/2,20", "conv3x3/1,conv4x2/2"])


def smoothed(logits: Array, labels: Any, count: int) -> tuple[float, Array]:
    return cross_entropy(logits, labels, count, 0.1)


def make(
    layers: str = "12,9", optimizer: Optimizer | None = None, dtype: type = np.float64, **options: Any
) -> TrainingState:
    network = make_network(layers, SHAPE, 4, dtype=dtype)
    return make_steps(network, smoothed, optimizer or sgd(), **options)


def examples(dtype: type = np.float64) -> Images:
    return make_examples(COUNT, SHAPE, 4, dtype=dtype)


def load(data: Images, indices: Any, shard: int = 0, thread: int = 0) -> tuple[Array, Any]:
    return np.moveaxis(data.images[indices], 0, -1), data.labels[indices]


def make_generators(state: TrainingState, epoch: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((epoch, shard)) for shard in range(len(state.gradients))]


def run_epochs(
    state: TrainingState, batch_size: int = 32, rate: float = 0.05, **options: Any
) -> list[tuple[float, float]]:
    """Run two epochs; return their metrics."""
    data, metrics = examples(state.arrays.dtype.type), []
    for epoch in (0, 1):
        batches = shuffled_batches(COUNT, batch_size, np.random.default_rng(epoch))
        rates, step = [rate * (1 + i) for i in range(len(batches))], epoch * len(batches)
        metrics.append(
            train_epoch(state, batches, rates, partial(load, data), make_generators(state, epoch), step, **options)
        )
    return metrics


def test_batches_cover_all_images_once_in_random_order() -> None:
    batches = shuffled_batches(10, 4, np.random.default_rng(0))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    order = np.concatenate(batches).tolist()
    assert sorted(order) == list(range(10)) != order


@ARCHITECTURES
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_applies_the_gradient_of_the_batch(layers: str, name: str, loss: str) -> None:
    optimizer, rate = OPTIMIZERS[name](Recipe(momentum=0.5, weight_decay=0.5)), 0.01
    function = partial(LOSSES[loss].function, label_smoothing=0.1)
    state = replace(make(layers, optimizer), loss=function)
    expected = state.arrays.copy()
    network = make_network(layers, SHAPE, 4)
    data, batches = examples(), [np.arange(0, 40), np.arange(30, 100)]
    for step, batch in enumerate(batches, start=1):
        network.parameters.flat[:] = expected[0]
        images, labels = load(data, batch)
        cache = forward(network, images)
        gradient = backward(network, cache, LOSSES[loss].function(cache.logits, labels, label_smoothing=0.1)[1])
        optimizer.update(expected[0], gradient.flat, list(expected[1:]), rate, step)
    train_epoch(state, batches, [rate, rate], partial(load, data), make_generators(state))
    np.testing.assert_allclose(state.arrays, expected, rtol=1e-9, atol=1e-12)


@ARCHITECTURES
@pytest.mark.parametrize(("shards", "micro_batch"), [(1, 7), (2, 512), (5, 1), (40, 3)])
def test_shards_and_micro_batches_give_nearly_equal_results(layers: str, shards: int, micro_batch: int) -> None:
    expected, divided = make(layers), make(layers, shards=shards, micro_batch=micro_batch)
    np.testing.assert_allclose(run_epochs(divided, 33), run_epochs(expected, 33), rtol=1e-9)
    np.testing.assert_allclose(divided.arrays, expected.arrays, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("layers", ["40,30", "conv6x3/2,20", *EXAMPLES])
@pytest.mark.parametrize("threads", [2, 7])
def test_bits_do_not_depend_on_the_number_of_threads(
    layers: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE", 500)
    monkeypatch.setattr(module, "SHARED_UPDATE", 0)
    make_one = partial(make, layers, OPTIMIZERS["adam"](Recipe()), np.float32, ema_decay=0.9, micro_batch=2, shards=8)
    expected, shared = make_one(), make_one(threads=threads)
    with ThreadPool(1) as alone, ThreadPool(threads) as pool:
        metrics = run_epochs(expected, run=alone.run)
        assert run_epochs(shared, run=pool.run) == metrics
    assert shared.arrays.tobytes() == expected.arrays.tobytes()


@pytest.mark.parametrize(("total", "shards"), [(1, 1), (5, 3), (10, 20), (70_000, 1), (200_000, 2), (65_537, 1)])
def test_slices_cover_all_parameters_once(total: int, shards: int) -> None:
    slices = make_slices(total, shards)
    assert len(slices) % shards == 0
    assert np.concatenate([np.arange(total)[part] for part in slices]).tolist() == list(range(total))
    assert max(part.stop - part.start for part in slices) <= module.SLICE


def test_moving_average_has_smaller_decay_in_first_steps() -> None:
    state = make(ema_decay=0.5)
    average, step = state.arrays[0].copy(), 0

    def update_average() -> None:
        nonlocal average, step
        step += 1
        decay = min(0.5, step / (step + 10))
        average = decay * average + (1 - decay) * state.arrays[0]

    run_epochs(state, 5, on_batch=update_average)
    assert step == 40
    np.testing.assert_allclose(state.result.parameters.flat, average, rtol=1e-9)
    assert not np.allclose(state.arrays[0], average, rtol=1e-3)


def test_epoch_ends_early_if_loss_is_not_finite() -> None:
    data = examples()
    steps: list[None] = []
    data.images[:10] = np.nan
    batches = [np.arange(10, 20), np.arange(10), np.arange(20, 30)]
    state = make()
    rates, generators = [0.1] * 3, make_generators(state)
    loss, _ = train_epoch(state, batches, rates, partial(load, data), generators, on_batch=lambda: steps.append(None))
    assert np.isnan(loss)
    assert len(steps) == 1
