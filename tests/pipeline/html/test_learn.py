"""Training in the page: its gradients and its steps are those of pipeline/network/."""

from itertools import chain
from typing import Any

import numpy as np
import pytest

from pipeline.html.demo.drawing_page import layer_geometry
from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.gradient_descent import make_slices, prepare, take_step
from pipeline.network.layers import KINDS
from pipeline.network.losses import LOSSES, cross_entropy, probabilities
from pipeline.network.network import INITIALISATIONS, Network, backward, forward
from pipeline.network.optimizers import OPTIMIZERS
from pipeline.network.thread_pool import in_sequence
from pipeline.training.recipe import Recipe
from tests.pipeline.javascript import evaluate
from tests.pipeline.models import make_model
from tests.pipeline.network.kinds import layers_of

SHAPE = (7, 9)
GENERATORS = [np.random.default_rng(0)]
UNPACK = """
    const exact = (layer) => PARAMETERS.map((name) => [name, layer[name] && Float32Array.from(layer[name])]);
    layers = layers.map((layer) => ({ ...layer, ...Object.fromEntries(exact(layer)) }));
    const flatten = (parts) => parts.flatMap((part) => PARAMETERS.flatMap((name) => [...(part[name] ?? [])]));
"""


def exact_layers(network: Network) -> list[dict[str, Any]]:
    """Return the layers of a network with all bits of their parameters, for UNPACK."""
    return [
        layer_geometry(layer)
        | {name: array.reshape(-1).tolist() for name, array in zip(layer.parameter_shapes, arrays, strict=True)}
        for layer, arrays in zip(network.layers, network.parameters.layers, strict=True)
    ]


def make_images(count: int) -> tuple[Array, list[int]]:
    generator = np.random.default_rng(2)
    return generator.random((*SHAPE, count), np.float32), generator.integers(0, 3, count).tolist()


@pytest.mark.parametrize(
    "layers", [*chain.from_iterable(map(layers_of, KINDS)), "conv4x3/1,conv3x2/2,5", "conv2x2/1,pool2,conv2x2/1"]
)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_all_kinds_are_those_of_numpy(layers: str, activation: str) -> None:
    network = make_model(layers, shape=SHAPE, activation=activation).networks[0]
    images, labels = make_images(1)
    with np.errstate(invalid="ignore"):  # as in training: BLAS may raise the flag for entries that it does not use
        cache = forward(network, images)
        loss, dz = cross_entropy(cache.logits, np.array(labels))
        gradient = backward(network, cache, dz.copy())
    call = f"""(layers, ink, label) => {{
        {UNPACK}
        const sums = zerosLike(layers);
        const {{ loss, errors }} = addGradients(layers, Float32Array.from(ink), label, sums);
        return {{ loss, errors: [...errors], sums: flatten(sums) }};
    }}"""
    found = evaluate(call, exact_layers(network), images.reshape(-1).tolist(), labels[0])
    assert found["loss"] == pytest.approx(loss, abs=1e-5)
    np.testing.assert_allclose(found["errors"], dz[:, 0], atol=1e-6)
    np.testing.assert_allclose(found["sums"], gradient.flat, rtol=1e-4, atol=1e-5)
    assert np.abs(gradient.flat).max() > 0.01


def test_steps_are_those_of_numpy() -> None:
    network, steps, rate = make_model("conv4x3/2", shape=SHAPE).networks[0], 3, 0.01
    images, labels = make_images(32)
    state = prepare(network, cross_entropy_of, OPTIMIZERS["adam"](Recipe()))
    slices = make_slices(network.parameters.flat.size, 1)
    for step in range(1, steps + 1):
        load = lambda indices, generator, thread: (images[..., indices], np.array(labels)[indices])  # noqa: E731
        take_step(state, np.arange(32), rate, load, GENERATORS, step, slices, in_sequence)
    call = f"""(layers, inks, labels, count, rate) => {{
        {UNPACK}
        const training = makeTraining(layers, makeRandom(1));
        const lessons = {{ inks: inks.map((ink) => Float32Array.from(ink)), labels }};
        for (let i = 0; i < count; i++) learnImage(training, lessons, rate);
        return {{ parameters: flatten(training.layers), steps: training.steps, seen: training.seen }};
    }}"""
    inks = np.moveaxis(images, -1, 0).reshape(32, -1).tolist()
    found = evaluate(call, exact_layers(network), inks, labels, 32 * steps, rate)
    assert (found["steps"], found["seen"]) == (steps, 32 * steps)
    np.testing.assert_allclose(found["parameters"], state.arrays[0], rtol=1e-3, atol=1e-5)
    assert np.abs(state.arrays[0] - network.parameters.flat).max() > 0.02


SET = """
    const set = { inks: inks.map((ink) => Float32Array.from(ink)), labels };
"""


def test_step_along_the_slopes_of_a_set_is_that_of_gradient_descent_in_numpy() -> None:
    network, rate, count = make_model("conv4x3/2", shape=SHAPE).networks[0], 0.03, 6
    images, labels = make_images(count)
    state = prepare(network, cross_entropy_of, OPTIMIZERS["sgd"](Recipe()))
    load = lambda indices, generator, thread: (images[..., indices], np.array(labels)[indices])  # noqa: E731
    slices = make_slices(network.parameters.flat.size, 1)
    loss, _ = take_step(state, np.arange(count), rate, load, GENERATORS, 1, slices, in_sequence)
    shares = probabilities(forward(network, images).logits, LOSSES["cross-entropy"])
    call = f"""(layers, inks, labels, rate) => {{
        {UNPACK}{SET}
        const before = measureSet(layers, set);
        descend(layers, slopesOf(layers, set), rate);
        return {{ before, after: measureSet(layers, set), parameters: flatten(layers) }};
    }}"""
    inks = np.moveaxis(images, -1, 0).reshape(count, -1).tolist()
    found = evaluate(call, exact_layers(network), inks, labels, rate)
    right = shares[np.array(labels), np.arange(count)]
    assert found["before"]["loss"] == pytest.approx(loss, abs=1e-5)
    assert found["before"]["share"] == pytest.approx(right.mean(), abs=1e-5)
    assert found["before"]["right"] == pytest.approx(np.mean(shares.argmax(axis=0) == labels))
    assert found["after"]["loss"] < found["before"]["loss"]
    np.testing.assert_allclose(found["parameters"], state.arrays[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("layers", ["conv4x3/2", "5"])
def test_hill_is_the_loss_over_one_weight(layers: str) -> None:
    network, cell = make_model(layers, shape=SHAPE).networks[0], 11
    images, labels = make_images(4)
    call = f"""(layers, inks, labels, cell, values) => {{
        {UNPACK}{SET}
        const hill = makeHill(layers, set, cell);
        const found = values.map((value) => hill(value));
        const expected = values.map((value) => {{
            layers[0].weights[cell] = value;
            return measureSet(layers, set).loss;
        }});
        return [found, expected];
    }}"""
    inks = np.moveaxis(images, -1, 0).reshape(4, -1).tolist()
    found, expected = evaluate(call, exact_layers(network), inks, labels, cell, [-1, -0.2, 0.1, 1.5])
    assert found == pytest.approx(expected, abs=1e-5)
    assert np.ptp(found) > 1e-4


def test_sums_of_a_cell_lead_from_the_loss_to_its_slope() -> None:
    network = make_model("conv4x3/2", shape=SHAPE).networks[0]
    images, labels = make_images(5)
    call = f"""(layers, inks, labels, cell) => {{
        {UNPACK}{SET}
        const {{ label, slope, errors, unit, place, pixelSlope, ink }} = followCell(layers, set, cell);
        const own = set.labels.map((_, i) => slopesOf(layers, {{ inks: [set.inks[i]], labels: [labels[i]] }}));
        const votes = [...partOf(layers[1].weights, 3, 0)].length / layers[0].biases.length;
        const at = unit * votes + place;
        const sum = [0, 1, 2].reduce((all, c) => all + errors[c] * partOf(layers[1].weights, 3, c)[at], 0);
        const map = forward(layers, set.inks[0])[1].length;
        return {{ slope, slopes: own.map(([{{ weights }}]) => weights[cell]), pixelSlope, sum, ink, map }};
    }}"""
    inks = np.moveaxis(images, -1, 0).reshape(5, -1).tolist()
    found = evaluate(call, exact_layers(network), inks, labels, 4)
    assert abs(found["slope"]) == pytest.approx(max(map(abs, found["slopes"])), abs=1e-6)
    assert found["pixelSlope"] == pytest.approx(found["sum"], abs=1e-5)
    assert found["ink"] * found["pixelSlope"] * found["slope"] > 0


def cross_entropy_of(logits: Array, labels: Any, count: int) -> tuple[float, Array]:
    return cross_entropy(logits, labels, count=count)


def test_noise_depends_on_the_seed_and_has_the_deviation_of_xavier() -> None:
    call = f"""(layers, seeds) => {{
        {UNPACK}
        return seeds.map((seed) => (initialise(layers, makeRandom(seed)), flatten(layers)));
    }}"""
    network = make_model("conv8", shape=(28, 28), class_names=tuple("0123456789")).networks[0]
    first, again, other = np.array(evaluate(call, exact_layers(network), [1, 1, 2]))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    kernels, dense = first[:200], first[208:-10]
    assert kernels.std() == pytest.approx(INITIALISATIONS["xavier"](25, 200), rel=0.15)
    assert dense.std() == pytest.approx(INITIALISATIONS["xavier"](1152, 10), rel=0.03)
    assert abs(dense.mean()) < 0.001
