import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.data.augmentation import Augmentation
from pipeline.data.scaling import standardise
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.architecture import build_layers
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network, Parameters, forward
from pipeline.training import fit as module
from pipeline.training.data import Examples
from pipeline.training.fit import Epoch, Loader, TrainingError, accuracy, fit
from pipeline.training.recipe import Recipe
from tests.pipeline.networks import SCALING, make_examples, make_network

SMALL = Recipe(layers="16", learning_rate=0.01, batch_size=10, epochs=3)


def examples(count: int = 60, seed: int = 0, dtype: type = np.float32) -> Examples:
    return make_examples(count, seed=seed, dtype=dtype)


def last(recipe: Recipe, **options: Any) -> Epoch:
    (*_, epoch) = fit(recipe, examples(), examples(20, seed=1), 3, **options)
    return epoch


def compute_logits(recipe: Recipe, parameters: Parameters, images: Array) -> Array:
    layers = build_layers(recipe.layers, recipe.activation, (4, 5), 3)
    return forward(Network(layers, parameters), np.moveaxis(images, 0, -1)).logits


def test_network_learns_a_class_for_negatives_and_is_validated_among_the_others() -> None:
    positives = examples(90)
    positives.images[:] = np.clip(positives.images, -1, None)
    negatives = np.full((30, 4, 5), 255, np.uint8)  # brighter than all others
    labels = np.concatenate([positives.labels, np.full(30, 3, np.uint8)])
    training = replace(positives, labels=labels, drawn=negatives)
    recipe = replace(SMALL, negatives=0.5, epochs=30)
    (*_, epoch) = fit(recipe, training, positives, 3)
    network = Network(build_layers(recipe.layers, recipe.activation, (4, 5), 4), epoch.parameters)
    images = np.concatenate([positives.images, standardise(negatives, SCALING)])
    logits = forward(network, np.moveaxis(images, 0, -1)).logits
    assert np.mean(logits.argmax(axis=0) == labels) >= 0.9
    assert epoch.validation_accuracy == np.mean(logits[:3, :90].argmax(axis=0) == positives.labels)


def test_equal_seeds_give_equal_bits_and_others_do_not() -> None:
    first, second = (last(SMALL).parameters.flat.tobytes() for _ in range(2))
    assert first == second
    assert last(replace(SMALL, seed=2)).parameters.flat.tobytes() != first


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adam"])
def test_every_combination_lowers_its_loss(activation: Any, loss: Any, optimizer: Any) -> None:
    rate = 0.01 if optimizer == "adam" else 0.3
    recipe = Recipe("16", activation, loss, optimizer=optimizer, learning_rate=rate, batch_size=10, epochs=8)
    _, *epochs = fit(recipe, examples(), examples(20, seed=1), 3)
    assert epochs[-1].loss < 0.95 * epochs[0].loss


def test_one_step_per_batch_including_a_smaller_last_batch() -> None:
    steps: list[None] = []
    last(replace(SMALL, batch_size=25), on_batch=lambda: steps.append(None))
    assert len(steps) == 3 * 3


def test_step_uses_the_mean_gradient_of_its_batch() -> None:
    # With all images in one batch, only the mean gradient matters, not the order of the images.
    recipe = replace(SMALL, batch_size=60, optimizer="sgd", learning_rate=0.5)
    shuffled = examples()
    order = np.random.default_rng(5).permutation(60)
    (*_, epoch) = fit(recipe, Examples(shuffled.images[order], shuffled.labels[order], SCALING), shuffled, 3)
    np.testing.assert_allclose(epoch.parameters.flat, last(recipe).parameters.flat, atol=1e-5)


def test_batch_size_is_limited_by_the_number_of_images() -> None:
    large, whole = (last(replace(SMALL, batch_size=size)).parameters.flat.tobytes() for size in (10_000, 60))
    assert large == whole


def test_random_draws_do_not_depend_on_the_number_of_epochs() -> None:
    recipe = replace(SMALL, schedule="constant")
    short = last(recipe).parameters.flat.tobytes()
    for epoch in fit(replace(recipe, epochs=5), examples(), examples(20, seed=1), 3):
        if epoch.number == 3:
            assert epoch.parameters.flat.tobytes() == short


def test_order_of_images_depends_on_epoch_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    loss = LOSSES["cross-entropy"]

    def record(logits: Array, labels: Any, *more: Any) -> tuple[float, Array]:
        drawn.extend(labels.tolist())
        return loss(logits, labels, *more)

    monkeypatch.setitem(LOSSES, "cross-entropy", record)
    numbered = Examples(examples(60).images, np.arange(60), SCALING)  # unique labels identify the images

    def orders(seed: int) -> list[list[int]]:
        drawn.clear()
        list(fit(replace(SMALL, seed=seed, shards=1), numbered, numbered, 60))
        return [drawn[:60], drawn[60:120], drawn[120:]]

    first = orders(1)
    assert all(sorted(order) == list(range(60)) for order in first)
    assert len({tuple(order) for order in first}) == 3
    assert orders(1) == first
    assert all(one != other for one, other in zip(orders(2), first, strict=True))


def test_loss_and_accuracy_are_means_over_all_images() -> None:
    # At a rate near 0 the network stays the same, so the loss of the epoch is that of the network.
    tiny_rate = replace(SMALL, learning_rate=1e-12, batch_size=25)  # the last batch has 10 of 60 images
    data = examples()
    (*_, epoch) = fit(tiny_rate, data, data, 3)
    logits = compute_logits(tiny_rate, epoch.parameters, data.images)
    assert epoch.loss == pytest.approx(LOSSES["cross-entropy"](logits, data.labels)[0], rel=1e-4)
    assert epoch.train_accuracy == epoch.validation_accuracy == (logits.argmax(axis=0) == data.labels).mean()


def test_epochs_have_metrics_and_learning_rates() -> None:
    first, *epochs = fit(SMALL, examples(), examples(20, seed=1), 3)
    assert first.number == 0
    assert math.isnan(first.loss)
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    for epoch in epochs:
        assert 0 <= epoch.train_accuracy <= 1
        assert 0 <= epoch.validation_accuracy <= 1
        assert epoch.seconds > 0
    rates = [epoch.learning_rate for epoch in epochs]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(SMALL.learning_rate * (1 + math.cos(math.pi * 17 / 18)) / 2)


def test_parameters_have_the_dtype_of_the_images() -> None:
    for dtype in (np.float32, np.float64):
        (*_, epoch) = fit(SMALL, examples(dtype=dtype), examples(dtype=dtype), 3)
        assert epoch.parameters.flat.dtype == dtype


@pytest.mark.parametrize("rate", [1e30, 1e38])
def test_divergence_raises(rate: float) -> None:
    recipe = replace(SMALL, learning_rate=rate, optimizer="sgd", schedule="constant")
    with pytest.raises(TrainingError, match="diverged in epoch ."):
        last(recipe)


@pytest.mark.parametrize("rate", [1e13, 1e39])
def test_divergence_in_the_last_step_raises(rate: float) -> None:
    recipe = Recipe("64,64,64", learning_rate=rate, batch_size=1000, epochs=1)
    with pytest.raises(TrainingError, match="diverged in epoch 1"):
        last(recipe)


def test_overflow_of_the_optimizer_state_raises() -> None:
    huge = Examples(
        examples().images * np.float32(1e20), examples().labels, SCALING
    )  # the squares of the gradients overflow
    with pytest.raises(TrainingError, match="diverged in epoch 1"):
        list(fit(SMALL, huge, examples(), 3))


def test_nan_in_the_images_raises() -> None:
    with_nan = examples()
    with_nan.images[3] = np.nan
    with pytest.raises(TrainingError, match="diverged in epoch 1"):
        list(fit(SMALL, with_nan, examples(), 3))


def test_result_is_the_moving_average_of_the_parameters() -> None:
    recipe = replace(SMALL, ema_decay=0.9, learning_rate=0.05)
    data = examples(20, seed=1)
    for epoch in fit(recipe, examples(), data, 3):
        current, average = epoch.state[0], epoch.state[-1]
        assert np.array_equal(epoch.parameters.flat, average)
        if epoch.number:
            assert not np.array_equal(current, average)
            logits = compute_logits(recipe, epoch.parameters, data.images)
            assert epoch.validation_accuracy == pytest.approx((logits.argmax(axis=0) == data.labels).mean())


def test_accuracy_counts_only_the_classes() -> None:
    network, data = make_network("8", (4, 5), 4, dtype=np.float32), examples(50)
    network.parameters.layers[-1][1][3] = 100  # the output for no class
    logits = forward(network, np.moveaxis(data.images, 0, -1)).logits
    assert accuracy(network, data, 4) == 0 < accuracy(network, data, 3)
    assert accuracy(network, data, 3) == (logits[:3].argmax(axis=0) == data.labels).mean()


@pytest.mark.parametrize("layers", ["8", "conv4x2/1,8"])
@pytest.mark.parametrize("cores", [1, 2, 7])
def test_accuracy_does_not_depend_on_the_number_of_threads(
    layers: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, data = make_network(layers, (4, 5), 3, dtype=np.float32), examples(50)
    monkeypatch.setattr(module, "micro_batch_size", lambda layers, itemsize: 3)
    monkeypatch.setattr(module, "count_cores", lambda: cores)
    correct = forward(network, np.moveaxis(data.images, 0, -1)).logits.argmax(axis=0) == data.labels
    assert accuracy(network, data, 3) == correct.mean()
    data.images[49] = np.inf
    assert math.isnan(accuracy(network, data, 3))


RECIPE = Recipe(
    layers="40,30",
    learning_rate=1e-12,
    batch_size=100,
    shards=2,
    epochs=2,
    augmentation=Augmentation(shift=1, rotation=10, elastic=0.5, stroke_width=0.3),
)


def load_batches(recipe: Recipe, training: Examples, monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """Return the images that the network is trained on, one array (height, width, n) for each micro-batch."""
    loaded = []
    load = Loader.__call__

    def record(self: Loader, *args: Any) -> Any:
        images, labels = load(self, *args)
        loaded.append(images.copy())
        return images, labels

    monkeypatch.setattr(Loader, "__call__", record)
    list(fit(recipe, training, training, 3))
    return loaded


def test_augmentation_differs_between_epochs_and_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    same = Examples(np.repeat(examples(1).images, 100, axis=0), np.zeros(100, np.uint8), SCALING)
    loaded = load_batches(RECIPE, same, monkeypatch)
    assert len(loaded) == 4
    assert len({image.tobytes() for batch in loaded for image in np.moveaxis(batch, -1, 0)}) == 200


def test_bits_do_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(RECIPE, shards=8, learning_rate=0.01, ema_decay=0.9, batch_size=32)
    expected = last(recipe).state.tobytes()
    monkeypatch.setattr(module, "count_cores", lambda: 7)
    assert last(recipe).state.tobytes() == expected


def test_raw_images_are_standardised_and_not_changed() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 4, 5)).astype(np.uint8)
    raw = Examples(pixels.copy(), examples().labels, SCALING)
    standardised = Examples(standardise(pixels, SCALING), examples().labels, SCALING)
    results = [list(fit(RECIPE, each, each, 3))[-1] for each in (raw, standardised)]
    assert results[0].state.tobytes() == results[1].state.tobytes()
    assert results[0].validation_accuracy == results[1].validation_accuracy
    assert np.array_equal(raw.images, pixels)


def test_batches_may_have_fewer_images_than_shards() -> None:
    assert last(replace(SMALL, batch_size=3, shards=8, epochs=1)).number == 1
