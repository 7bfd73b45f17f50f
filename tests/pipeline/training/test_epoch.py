from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pipeline.data.augmentation import Augmentation
from pipeline.network import training as plain
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network, view
from pipeline.network.optimizers import find_optimizer
from pipeline.network.schedules import rate_factor
from pipeline.training import architecture
from pipeline.training import epoch as fast
from pipeline.training.architecture import build_layers, images_per_part
from pipeline.training.epoch import prepare, train_epoch
from pipeline.training.examples import Examples
from pipeline.training.recipes import Recipe
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
PLAIN = Recipe(layers="7", learning_rate=0.05, label_smoothing=0.1, batch_size=16, shards=1, epochs=3)
SMALL_PARTS = 3_200  # bytes, for 2 images of the convolutional network here
ARCHITECTURES = pytest.mark.parametrize("layers", ["12,9", "4,4,4", "conv6x3/2,20", "conv3x3/1,conv4x2/2"])


@pytest.fixture(autouse=True)
def _single() -> Iterator[None]:
    """One thread for BLAS, as the fast loop has it: with several it adds up in another order."""
    with threadpool_limits(1, "blas"):
        yield


def seen(count: int = 100, dtype: type = np.float32) -> Examples:
    return make_examples(count, SHAPE, CLASSES, dtype=dtype)


def state_after(recipe: Recipe, epochs: int = 2, dtype: type = np.float32) -> Array:
    state = prepare(recipe, seen(dtype=dtype), CLASSES)
    for epoch in range(1, epochs + 1):
        train_epoch(state, epoch, lambda: None)
    return state.state


def plain_state_after(recipe: Recipe, epochs: int, dtype: type) -> tuple[Array, list[tuple[float, float]]]:
    """The parameters and the optimizer's buffers by the plain loop; the loss and the accuracy of each epoch."""
    examples = seen(dtype=dtype)
    optimizer = find_optimizer(recipe.optimizer, recipe.momentum, recipe.weight_decay)
    layers = build_layers(recipe.layers, SHAPE, CLASSES)
    state: Array = np.zeros_like(prepare(recipe, examples, CLASSES).state)
    state[0] = prepare(recipe, examples, CLASSES).network.parameters.flat
    network = Network(layers, ACTIVATIONS[recipe.activation], view(layers, state[0]))
    loss = partial(LOSSES[recipe.loss], label_smoothing=recipe.label_smoothing)
    batches, accounts = -(-100 // recipe.batch_size), []
    for epoch in range(epochs):
        first = epoch * batches
        rates = [
            recipe.learning_rate * rate_factor(recipe.schedule, recipe.warmup, step, recipe.epochs * batches)
            for step in range(first, first + batches)
        ]
        generator = np.random.default_rng((recipe.seed, epoch + 1))
        data = (examples.images, examples.labels)
        account = plain.train_epoch(
            network, *data, loss, optimizer, list(state[1:]), rates, recipe.batch_size, generator, first
        )
        accounts.append(account)
    return state, accounts


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
def test_with_one_shard_that_fits_the_bits_are_those_of_the_plain_loop(layers: str, changes: dict[str, Any]) -> None:
    recipe = replace(PLAIN, layers=layers, **changes)
    expected, accounts = plain_state_after(recipe, 2, np.float32)
    state = prepare(recipe, seen(), CLASSES)
    for epoch, (loss, accuracy) in enumerate(accounts, start=1):
        found, share, _ = train_epoch(state, epoch, lambda: None)
        assert found == pytest.approx(loss)
        assert share == accuracy
    assert state.state.tobytes() == expected.tobytes()
    assert not np.array_equal(expected[0], prepare(recipe, seen(), CLASSES).state[0])


@ARCHITECTURES
@pytest.mark.parametrize(
    ("shards", "part_bytes"),
    [(1, 10_000), (2, architecture.PART_BYTES), (5, 1), (40, architecture.PART_BYTES), (1000, 10_000)],
)
def test_several_shards_and_parts_change_next_to_nothing(
    layers: str, shards: int, part_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(PLAIN, layers=layers, batch_size=33)
    expected, accounts = plain_state_after(recipe, 2, np.float64)
    monkeypatch.setattr(architecture, "PART_BYTES", part_bytes)
    state = prepare(replace(recipe, shards=shards), seen(dtype=np.float64), CLASSES)
    found = [train_epoch(state, epoch, lambda: None)[:2] for epoch in (1, 2)]
    np.testing.assert_allclose(found, accounts, rtol=1e-9)
    np.testing.assert_allclose(state.state, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("layers", ["40,30", "conv6x3/2,20"])
@pytest.mark.parametrize("cores", [1, 2, 7])
def test_the_number_of_threads_changes_no_bit(layers: str, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(RECIPE, layers=layers)
    monkeypatch.setattr(architecture, "PART_BYTES", SMALL_PARTS)
    monkeypatch.setattr(fast, "count_cores", lambda: 3)
    expected = state_after(recipe)
    monkeypatch.setattr(fast, "count_cores", lambda: cores)
    for _ in range(3):
        assert state_after(recipe).tobytes() == expected.tobytes()


@pytest.mark.parametrize("size", [7, 50, 500])
def test_the_size_of_the_slices_changes_no_bit(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "count_cores", lambda: 3)
    expected = state_after(RECIPE)
    monkeypatch.setattr(fast, "SLICE", size)
    assert state_after(RECIPE).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("layers", "shape", "images"),
    [
        ("16", (5, 5), 512),
        ("conv64x3/1", (30, 30), 32),  # 45 of 265 kB each would fit, 32 is a multiple of 16
        ("conv64x3/1", (99, 99), 3),
        ("conv64x3/1", (1000, 1000), 1),
    ],
)
def test_a_part_is_as_many_images_as_fit_the_cache(layers: str, shape: tuple[int, int], images: int) -> None:
    assert images_per_part(build_layers(layers, shape, 10), 4) == images


def test_the_average_of_the_parameters_forgets_by_the_recipe_and_faster_at_first() -> None:
    state = prepare(replace(PLAIN, ema_decay=0.5, batch_size=5), seen(dtype=np.float64), CLASSES)
    average, step = state.state[0].copy(), 0

    def follow() -> None:
        nonlocal average, step
        step += 1
        keep = min(0.5, step / (step + 10))
        average = keep * average + (1 - keep) * state.state[0]

    train_epoch(state, 1, follow)
    assert step == 20
    np.testing.assert_allclose(state.result.flat, average, rtol=1e-9)
    assert not np.allclose(state.state[0], average, rtol=1e-3)


def test_without_an_average_the_parameters_are_the_result() -> None:
    state = prepare(replace(RECIPE, ema_decay=0), seen(), CLASSES)
    assert state.result is state.network.parameters


def test_an_epoch_ends_where_the_loss_is_not_finite() -> None:
    examples = seen()
    recipe = Recipe(layers="7", batch_size=10)
    examples.images[np.random.default_rng((recipe.seed, 1)).permutation(100)[:10]] = np.nan
    steps: list[None] = []
    loss, _, _ = train_epoch(prepare(recipe, examples, CLASSES), 1, lambda: steps.append(None))
    assert np.isnan(loss)
    assert steps == []


def test_the_examples_are_left_as_they_are() -> None:
    examples = seen()
    before = examples.images.tobytes(), examples.labels.tobytes()
    train_epoch(prepare(RECIPE, examples, CLASSES), 1, lambda: None)
    assert (examples.images.tobytes(), examples.labels.tobytes()) == before


def test_every_epoch_and_shard_augments_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "count_cores", lambda: 2)
    recipe = replace(
        RECIPE,
        batch_size=100,
        shards=2,
        learning_rate=1e-12,
        augmentation=replace(RECIPE.augmentation, augment_fraction=1),
    )
    state = prepare(recipe, Examples(np.repeat(seen(1).images, 100, axis=0), np.zeros(100, np.uint8)), CLASSES)
    assert state.part == 50
    images = []
    for epoch in (1, 2):
        train_epoch(state, epoch, lambda: None)
        images += [row.tobytes() for workspace in state.workspaces for row in workspace.inputs]
    assert len(set(images)) == 200


def test_the_network_is_trained_on_the_augmented_images() -> None:
    one = replace(RECIPE, batch_size=100, shards=1, ema_decay=0, optimizer="sgd", epochs=1)
    augmented = prepare(one, seen(), CLASSES)
    train_epoch(augmented, 1, lambda: None)
    images = augmented.workspaces[0].inputs.reshape(100, *SHAPE)  # in the order of the batch
    order = np.random.default_rng((one.seed, 1)).permutation(100)
    again = prepare(replace(one, augmentation=Augmentation()), Examples(np.empty_like(images), seen().labels), CLASSES)
    again.training.images[order] = images
    train_epoch(again, 1, lambda: None)
    assert again.state.tobytes() == augmented.state.tobytes()
