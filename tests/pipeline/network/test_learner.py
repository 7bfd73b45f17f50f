from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.data.deformation import Deformation
from pipeline.network import learner
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.examples import Examples
from pipeline.network.learner import learn, prepare
from pipeline.network.losses import COSTS
from pipeline.network.mlp import allocate, forward, view
from pipeline.network.optimizers import find_optimizer
from pipeline.network.recipe import Recipe
from pipeline.network.schedules import rate_factor

RECIPE = Recipe(
    sizes=(40, 30),
    smoothing=0.1,
    learning_rate=0.01,
    averaging=0.9,
    batch_size=32,
    shards=3,
    deformation=Deformation(bent=0.8, shift=1, rotation=10, elastic=0.5, thickness=0.3),
)


def examples(count: int = 100, dtype: type = np.float32) -> Examples:
    generator = np.random.default_rng(0)
    images: Array = generator.normal(size=(count, 6, 5)).astype(dtype)
    return Examples(images, generator.integers(0, 4, count).astype(np.uint8))


def state_after(recipe: Recipe, epochs: int = 2, **options: Any) -> Array:
    one = prepare(recipe, examples(**options), 4)
    for epoch in range(1, epochs + 1):
        learn(one, epoch, lambda: None)
    return one.state


@pytest.mark.parametrize("cores", [1, 2, 3, 8])
def test_how_many_threads_there_are_changes_no_bit(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = state_after(RECIPE)
    monkeypatch.setattr(learner, "count_cores", lambda: cores)
    for _ in range(3):
        assert state_after(RECIPE).tobytes() == expected.tobytes()


@pytest.mark.parametrize("shards", [1, 2, 5, 40, 1000])
def test_the_number_of_shards_changes_next_to_nothing(shards: int) -> None:
    plain = replace(RECIPE, deformation=Deformation())
    one, other = (state_after(replace(plain, shards=n), dtype=np.float64)[0] for n in (1, shards))
    np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("block", [7, 50, 500])
def test_how_the_network_is_cut_changes_next_to_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = state_after(RECIPE, dtype=np.float64)
    monkeypatch.setattr(learner, "BLOCK", block)
    np.testing.assert_allclose(state_after(RECIPE, dtype=np.float64), expected, rtol=1e-6, atol=1e-9)


def test_an_epoch_of_plain_descent_is_what_the_formulas_say() -> None:
    recipe = Recipe(
        sizes=(7,), optimizer="sgd", schedule="constant", learning_rate=0.3, batch_size=16, averaging=0.5, smoothing=0.1
    )
    seen = examples(40, np.float64)
    one = prepare(recipe, seen, 4)
    parameters = view(one.parameters.flat.copy(), (30, 7, 4))
    average = parameters.flat.copy()
    order = np.random.default_rng((recipe.seed, 1)).permutation(40)
    for step, start in enumerate(range(0, 40, 16), start=1):
        batch = order[start : start + 16]
        inputs, hidden, logits = forward(parameters.layers, seen.rows[batch], ACTIVATIONS["relu"])
        _, delta = COSTS["cross-entropy"](logits, seen.labels[batch], 0.1)
        first, second = parameters.layers
        below = (delta @ second.weights.T) * (hidden > 0)
        for layer, a, d in ((first, inputs, below), (second, hidden, delta)):
            layer.weights[...] -= 0.3 * a.T @ d
            layer.biases[...] -= 0.3 * d.sum(axis=0)
        keep = min(0.5, step / (step + 10))
        average = keep * average + (1 - keep) * parameters.flat
    learn(one, 1, lambda: None)
    np.testing.assert_allclose(one.parameters.flat, parameters.flat, rtol=1e-9)
    np.testing.assert_allclose(one.result.flat, average, rtol=1e-9)


def by_hand(recipe: Recipe, epochs: int) -> Array:
    """The parameters after some epochs of whole batches, one optimizer's step after another."""
    seen = examples(20, np.float64)
    w = prepare(recipe, seen, 4).parameters.flat.copy()
    optimizer = find_optimizer(recipe.optimizer, recipe.momentum, recipe.weight_decay)
    remembered = [np.zeros_like(w) for _ in range(optimizer.buffers)]
    for step in range(epochs):
        layers = view(w, (30, 7, 4)).layers
        inputs, hidden, logits = forward(layers, seen.rows, ACTIVATIONS["relu"])
        _, delta = COSTS["cross-entropy"](logits, seen.labels)
        slope = allocate((30, 7, 4), np.float64)
        for layer, a, d in zip(
            slope.layers, (inputs, hidden), ((delta @ layers[1].weights.T) * (hidden > 0), delta), strict=True
        ):
            layer.weights[...], layer.biases[...] = a.T @ d, d.sum(axis=0)
        rate = recipe.learning_rate * rate_factor(recipe.schedule, recipe.warmup, step, recipe.epochs)
        optimizer.update(w, slope.flat, remembered, rate, step + 1)
    return w


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "adam"},
        {"optimizer": "adam", "warmup": 0.5},
        {"optimizer": "nesterov", "momentum": 0.5},
        {"optimizer": "adamw", "weight_decay": 0.5},
        {"optimizer": "sgd", "weight_decay": 0.5, "schedule": "one-cycle"},
    ],
    ids=str,
)
def test_every_value_of_the_recipe_counts_and_steps_are_counted_over_all_epochs(changes: dict[str, Any]) -> None:
    recipe = replace(Recipe(sizes=(7,), learning_rate=0.1, batch_size=20, epochs=6), **changes)
    one = prepare(recipe, examples(20, np.float64), 4)
    for epoch in range(1, 5):
        learn(one, epoch, lambda: None)
    np.testing.assert_allclose(one.parameters.flat, by_hand(recipe, 4), rtol=1e-7)


def test_an_epoch_ends_where_the_cost_is_no_number() -> None:
    seen = examples(100)
    seen.images[np.random.default_rng((1, 1)).permutation(100)[:10]] = np.nan
    steps: list[None] = []
    cost, _, _ = learn(prepare(Recipe(sizes=(7,), batch_size=10), seen, 4), 1, lambda: steps.append(None))
    assert np.isnan(cost)
    assert steps == []


def test_without_averaging_the_network_that_learns_is_the_one_that_counts() -> None:
    one = prepare(replace(RECIPE, averaging=0), examples(), 4)
    assert one.result is one.parameters


def test_the_examples_are_left_as_they_are() -> None:
    seen = examples()
    before = seen.images.tobytes(), seen.labels.tobytes()
    learn(prepare(RECIPE, seen, 4), 1, lambda: None)
    assert (seen.images.tobytes(), seen.labels.tobytes()) == before


def test_deformation_is_another_in_each_epoch_and_shard_and_is_what_is_learned_from() -> None:
    met = []
    recipe = replace(
        RECIPE, batch_size=100, shards=2, learning_rate=1e-12, deformation=replace(RECIPE.deformation, bent=1)
    )
    one = prepare(recipe, Examples(np.repeat(examples(1).images, 100, axis=0), np.zeros(100, np.uint8)), 4)
    for epoch in (1, 2):
        learn(one, epoch, lambda: None)
        met += list(one.inputs.copy())
    assert len({row.tobytes() for row in met}) == 200
