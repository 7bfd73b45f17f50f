"""Training in the page: its gradients are those of pipeline/network/, and its steps those of Adam."""

from itertools import chain
from typing import Any

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.html.lesson.lessons import LEARNER
from pipeline.html.lesson.page import layer_geometry
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.layers import LAYER_KINDS
from pipeline.network.losses import cross_entropy
from pipeline.network.network import INITIALISATIONS, Network, backward, count_parameters, forward
from tests.drawings import sample_digits
from tests.pipeline.javascript import evaluate
from tests.pipeline.models import make_model
from tests.pipeline.network.kinds import layers_of

SHAPE = (7, 9)
BATCH = 64
DIGIT_NAMES = tuple("0123456789")
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
    "layers", [*chain.from_iterable(map(layers_of, LAYER_KINDS)), "conv4x3/1,conv3x2/2,5", "conv2x2/1,pool2,conv2x2/1"]
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


def test_steps_are_those_of_adam_with_the_rate_of_each_layer() -> None:
    network, steps, rates = make_model("conv4x3/2", shape=SHAPE).networks[0], 3, (0.04, 0.01)
    images, labels = make_images(BATCH)
    rate = np.concatenate([np.full(4 * 9 + 4, rates[0]), np.full(len(network.parameters.flat) - 40, rates[1])])
    first, second, losses = np.zeros((2, rate.size)), np.zeros(rate.size), []
    call = f"""(layers, rates, inks, labels, count) => {{
        {UNPACK}
        const training = makeTraining(layers, rates, makeRandom(1));
        const lessons = {{ inks: inks.map((ink) => Float32Array.from(ink)), labels }};
        const found = Array.from({{ length: count }}, () => learnImage(training, lessons));
        const losses = found.filter((loss) => loss !== null);
        return {{ parameters: flatten(training.layers), steps: training.steps, losses }};
    }}"""
    inks = np.moveaxis(images, -1, 0).reshape(BATCH, -1).tolist()
    found = evaluate(call, exact_layers(network), rates, inks, labels, BATCH * steps)
    before = network.parameters.flat.copy()
    for step in range(1, steps + 1):  # Kingma & Ba 2015, algorithm 1
        cache = forward(network, images)
        loss, dz = cross_entropy(cache.logits, np.array(labels))
        g = backward(network, cache, dz).flat.astype(np.float64)
        first[0], second = 0.9 * first[0] + 0.1 * g, 0.999 * second + 0.001 * g * g
        network.parameters.flat[...] -= (
            rate * (first[0] / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        ).astype(np.float32)
        losses.append(loss)
    assert found["steps"] == steps
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-4)
    np.testing.assert_allclose(found["parameters"], network.parameters.flat, rtol=2e-3, atol=2e-5)
    assert np.abs(before - network.parameters.flat).max() > 0.1


def test_noise_depends_on_the_seed_and_has_the_deviation_of_xavier() -> None:
    call = f"""(layers, seeds) => {{
        {UNPACK}
        return seeds.map((seed) => (initialise(layers, makeRandom(seed)), flatten(layers)));
    }}"""
    network = make_model(LEARNER, shape=(28, 28), class_names=DIGIT_NAMES).networks[0]
    first, again, other = np.array(evaluate(call, exact_layers(network), [1, 1, 2]))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    kernels, dense = first[:400], first[-5130:-10]
    assert kernels.std() == pytest.approx(INITIALISATIONS["xavier"](25, 400), rel=0.15)
    assert dense.std() == pytest.approx(INITIALISATIONS["xavier"](512, 10), rel=0.03)
    assert abs(dense.mean()) < 0.002


LEARN = f"""(layers, inks, labels, signs, another, count) => {{
    {UNPACK}
    const set = {{ inks: inks.map(inkOf), labels }};
    const run = beginRun(layers, 1);
    const work = trainRun(run, {{ learnt: set, unseen: set }});
    while (run.training.steps < count) work.next();
    const taught = withOutput(layers, learnOutput(layers, signs.map(inkOf), set.inks));
    const best = (pixels) => strongest(forward(taught, inkOf(pixels)).at(-1), 1)[0];
    return {{
        count: countParameters(layers),
        losses: run.losses,
        exams: run.exams,
        due: Array.from({{ length: 4 }}, (_, k) => stepOfExam(k)),
        sign: best(another),
        others: inks.map(best),
    }};
}}"""


@pytest.mark.slow
def test_network_of_the_page_learns_pictures_and_then_a_sign_without_forgetting() -> None:
    network, steps = make_model(LEARNER, shape=(28, 28), class_names=DIGIT_NAMES).networks[0], 8
    images, labels = (each[:100] for each in sample_digits())
    stripes = np.zeros((6, 28, 28), np.uint8)
    for k, stripe in enumerate(stripes):
        stripe[k : k + 20 : 4, 4:24] = 255  # five lines, a little lower in each picture
    *signs, another = stripes.reshape(6, -1).tolist()
    inks = images.reshape(len(images), -1).tolist()
    found = evaluate(LEARN, exact_layers(network), inks, labels.tolist(), signs, another, steps)
    assert found["count"] == count_parameters(network.layers)
    assert len(found["losses"]) == steps + 1  # that of the noise, and after each step
    assert found["losses"][0] == pytest.approx(np.log(10), abs=0.2)
    assert found["losses"][-1] < found["losses"][0]
    assert [exam["step"] for exam in found["exams"]] == [step for step in found["due"] if step < steps]
    assert found["exams"][-1]["share"] > found["exams"][0]["share"]
    assert found["sign"] == 10
    assert np.mean(np.array(found["others"]) == 10) < 0.1
