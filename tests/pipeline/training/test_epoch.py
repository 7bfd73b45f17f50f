from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from pipeline.training.epoch import prepare, train_epoch
from threadpoolctl import threadpool_limits

from pipeline.data.augmentation import Augmentation
from pipeline.network import training as single_threaded
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.architecture import build_layers, micro_batch_size
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network, view_parameters
from pipeline.network.optimizers import make_optimizer
from pipeline.network.schedules import rate_factor
from pipeline.training import architecture
from pipeline.training import epoch as multithreaded
from pipeline.training.data import Examples
from pipeline.training.recipe import Recipe
from tests.pipeline.networks import make_examples

SHAPE, CLASSES = (6, 5), 4
RECIPE = Recipe(
    layers="40,30",
    label_smoothing=0.1,
    learning_rate=0.01,
    ema_decay=0.9,
    batch_size=32,
    shards=8,
    augmentation=Augmentation(augment_fraction=0.8, shift=1, rotation=10, elastic=0.5, stroke_width=0.3),
)
NO_AUGMENTATION = Recipe(layers="7", learning_rate=0.05, label_smoothing=0.1, batch_size=16, shards=1, epochs=3)
SMALL_MICRO_BATCH_BYTES = 3_200  # 2 images for the convolutional network of the test
ARCHITECTURES = pytest.mark.parametrize("layers", ["12,9", "4,4,4", "conv6x3/2,20", "conv3x3/1,conv4x2/2"])


@pytest.fixture(autouse=True)
def _single_threaded_blas() -> Iterator[None]:
    """Limit BLAS to one thread, as the multithreaded loop does: its order of summation depends on it."""
    with threadpool_limits(1, "blas"):
        yield


def make(count: int = 100, dtype: type = np.float32) -> Examples:
    return make_examples(count, SHAPE, CLASSES, dtype=dtype)


def state_after(recipe: Recipe, epochs: int = 2, dtype: type = np.float32) -> Array:
    state = prepare(recipe, make(dtype=dtype), CLASSES)
    for epoch in range(1, epochs + 1):
        train_epoch(state, epoch, lambda: None)
    return state.arrays


def reference_state_after(recipe: Recipe, epochs: int, dtype: type) -> tuple[Array, list[tuple[float, float]]]:
    """Return the state by the single-threaded loop, and the loss and the accuracy of each epoch."""
    examples = make(dtype=dtype)
    optimizer = make_optimizer(recipe.optimizer, recipe.momentum, recipe.weight_decay)
    layers = build_layers(recipe.layers, SHAPE, CLASSES)
    state: Array = np.zeros_like(prepare(recipe, examples, CLASSES).arrays)
    state[0] = prepare(recipe, examples, CLASSES).network.parameters.flat
    network = Network(layers, ACTIVATIONS[recipe.activation], view_parameters(layers, state[0]))
    loss = partial(LOSSES[recipe.loss], label_smoothing=recipe.label_smoothing)
    batches, expected_metrics = -(-100 // recipe.batch_size), []
    for epoch in range(epochs):
        first = epoch * batches
        rates = [
            recipe.learning_rate * rate_factor(recipe.schedule, recipe.warmup, step, recipe.epochs * batches)
            for step in range(first, first + batches)
        ]
        generator = np.random.default_rng((recipe.seed, epoch + 1))
        data = (examples.images, examples.labels)
        metrics = single_threaded.train_epoch(
            network, *data, loss, optimizer, list(state[1:]), rates, recipe.batch_size, generator, first
        )
        expected_metrics.append(metrics)
    return state, expected_metrics


@ARCHITECTURES
@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "adam"},
        {"optimizer": "adam", "warmup": 0.5, "activation": "sigmoid"},
        {"optimizer": "nesterov", "momentum": 0.5},
        {"optimizer": "adamw", "weight_decay": 0.5, "loss": "quadratic"},
        {"optimizer": "sgd", "weight_decay": 0.5, "schedule": "one-cycle", "batch_size": 100},
    ],
    ids=str,
)
def test_one_shard_gives_the_bits_of_the_single_threaded_loop(layers: str, changes: dict[str, Any]) -> None:
    recipe = replace(NO_AUGMENTATION, layers=layers, **changes)
    expected, expected_metrics = reference_state_after(recipe, 2, np.float32)
    state = prepare(recipe, make(), CLASSES)
    for epoch, (expected_loss, expected_accuracy) in enumerate(expected_metrics, start=1):
        loss, accuracy, _ = train_epoch(state, epoch, lambda: None)
        assert loss == pytest.approx(expected_loss)
        assert accuracy == expected_accuracy
    assert state.arrays.tobytes() == expected.tobytes()
    assert not np.array_equal(expected[0], prepare(recipe, make(), CLASSES).arrays[0])


@ARCHITECTURES
@pytest.mark.parametrize(
    ("shards", "micro_batch_bytes"),
    [(1, 10_000), (2, architecture.MICRO_BATCH_BYTES), (5, 1), (40, architecture.MICRO_BATCH_BYTES), (1000, 10_000)],
)
def test_shards_and_micro_batches_give_nearly_equal_results(
    layers: str, shards: int, micro_batch_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(NO_AUGMENTATION, layers=layers, batch_size=33)
    expected, expected_metrics = reference_state_after(recipe, 2, np.float64)
    monkeypatch.setattr(architecture, "MICRO_BATCH_BYTES", micro_batch_bytes)
    state = prepare(replace(recipe, shards=shards), make(dtype=np.float64), CLASSES)
    metrics = [train_epoch(state, epoch, lambda: None)[:2] for epoch in (1, 2)]
    np.testing.assert_allclose(metrics, expected_metrics, rtol=1e-9)
    np.testing.assert_allclose(state.arrays, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("layers", ["40,30", "conv6x3/2,20"])
@pytest.mark.parametrize("cores", [1, 2, 7])
def test_bits_do_not_depend_on_the_number_of_threads(layers: str, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(RECIPE, layers=layers)
    monkeypatch.setattr(architecture, "MICRO_BATCH_BYTES", SMALL_MICRO_BATCH_BYTES)
    monkeypatch.setattr(multithreaded, "count_cores", lambda: 3)
    expected = state_after(recipe)
    monkeypatch.setattr(multithreaded, "count_cores", lambda: cores)
    for _ in range(3):
        assert state_after(recipe).tobytes() == expected.tobytes()


@pytest.mark.parametrize("size", [7, 50, 500])
def test_bits_do_not_depend_on_the_slice_size(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multithreaded, "count_cores", lambda: 3)
    expected = state_after(RECIPE)
    monkeypatch.setattr(multithreaded, "SLICE", size)
    assert state_after(RECIPE).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("layers", "shape", "images"),
    [
        ("16", (5, 5), 512),
        ("conv64x3/1", (30, 30), 32),  # 45 images of 265 kB would fit; 32 is a multiple of 16
        ("conv64x3/1", (99, 99), 3),
        ("conv64x3/1", (1000, 1000), 1),
    ],
)
def test_micro_batch_size_is_limited_by_memory(layers: str, shape: tuple[int, int], images: int) -> None:
    assert micro_batch_size(build_layers(layers, shape, 10), 4) == images


def test_moving_average_has_smaller_decay_in_first_steps() -> None:
    state = prepare(replace(NO_AUGMENTATION, ema_decay=0.5, batch_size=5), make(dtype=np.float64), CLASSES)
    average, step = state.arrays[0].copy(), 0

    def update_average() -> None:
        nonlocal average, step
        step += 1
        decay = min(0.5, step / (step + 10))
        average = decay * average + (1 - decay) * state.arrays[0]

    train_epoch(state, 1, update_average)
    assert step == 20
    np.testing.assert_allclose(state.result.flat, average, rtol=1e-9)
    assert not np.allclose(state.arrays[0], average, rtol=1e-3)


def test_result_without_moving_average_is_the_parameters() -> None:
    state = prepare(replace(RECIPE, ema_decay=0), make(), CLASSES)
    assert state.result is state.network.parameters


def test_epoch_ends_early_if_loss_is_not_finite() -> None:
    examples = make()
    recipe = Recipe(layers="7", batch_size=10)
    examples.images[np.random.default_rng((recipe.seed, 1)).permutation(100)[:10]] = np.nan
    steps: list[None] = []
    loss, _, _ = train_epoch(prepare(recipe, examples, CLASSES), 1, lambda: steps.append(None))
    assert np.isnan(loss)
    assert steps == []


def test_examples_are_not_modified() -> None:
    examples = make()
    before = examples.images.tobytes(), examples.labels.tobytes()
    train_epoch(prepare(RECIPE, examples, CLASSES), 1, lambda: None)
    assert (examples.images.tobytes(), examples.labels.tobytes()) == before


def test_augmentation_differs_between_epochs_and_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multithreaded, "count_cores", lambda: 2)
    recipe = replace(
        RECIPE,
        batch_size=100,
        shards=2,
        learning_rate=1e-12,
        augmentation=replace(RECIPE.augmentation, augment_fraction=1),
    )
    state = prepare(recipe, Examples(np.repeat(make(1).images, 100, axis=0), np.zeros(100, np.uint8)), CLASSES)
    assert state.micro_batch_size == 50
    images = []
    for epoch in (1, 2):
        train_epoch(state, epoch, lambda: None)
        images += [row.tobytes() for workspace in state.workspaces for row in workspace.inputs]
    assert len(set(images)) == 200


def test_network_is_trained_on_augmented_images() -> None:
    one = replace(RECIPE, batch_size=100, shards=1, ema_decay=0, optimizer="sgd", epochs=1)
    augmented = prepare(one, make(), CLASSES)
    train_epoch(augmented, 1, lambda: None)
    images = augmented.workspaces[0].inputs.reshape(100, *SHAPE)  # in batch order
    order = np.random.default_rng((one.seed, 1)).permutation(100)
    again = prepare(replace(one, augmentation=Augmentation()), Examples(np.empty_like(images), make().labels), CLASSES)
    again.training.images[order] = images
    train_epoch(again, 1, lambda: None)
    assert again.arrays.tobytes() == augmented.arrays.tobytes()
