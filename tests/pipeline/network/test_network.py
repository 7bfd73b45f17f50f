import math

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.architecture import build_layers
from pipeline.network.losses import cross_entropy
from pipeline.network.network import (
    backward,
    count_parameters,
    forward,
    infer,
    initialise,
    make_buffers,
    view_parameters,
)
from tests.pipeline.network.kinds import EXAMPLES, by_hand
from tests.pipeline.networks import make_network


def test_parameters_are_views_of_one_buffer() -> None:
    layers = build_layers("conv2x3/1,4", "relu", (4, 5), 3)
    total = 2 * 9 + 2 + 4 * 12 + 4 + 3 * 4 + 3
    assert count_parameters(layers) == total
    parameters = view_parameters(layers, np.arange(total, dtype=np.float32))
    arrays = [array for layer in parameters.layers for array in layer]
    assert [array.shape for array in arrays] == [(2, 1, 3, 3), (2,), (4, 12), (4,), (3, 4), (3,)]
    assert np.array_equal(np.concatenate([array.reshape(-1) for array in arrays]), parameters.flat)
    assert all(np.shares_memory(array, parameters.flat) for array in arrays)


@pytest.mark.parametrize("hidden", ["", "5", "5,6,7", "3,3"])  # the last hidden layer equals the output layer
@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_forward_pass_equals_explicit_sums(name: str, hidden: str) -> None:
    network = make_network(hidden, (2, 2), 3, name, "normal")
    images = np.random.default_rng(1).normal(size=(2, 2, 6))

    activation = by_hand(name)

    def compute(column: list[float]) -> list[float]:
        for weights, biases in network.parameters.layers:
            outputs, inputs = weights.shape
            z = [sum(weights[i, j] * column[j] for j in range(inputs)) + biases[i] for i in range(outputs)]
            column = [activation(x) for x in z]
        return z

    logits = forward(network, images).logits
    assert logits.shape == (3, 6)
    np.testing.assert_allclose(logits.T, [compute(list(image)) for image in images.reshape(4, 6).T], rtol=1e-12)


@pytest.mark.parametrize(
    ("scheme", "shape", "layers", "std"),
    [
        ("normal", (20, 20), "300", 1),
        ("xavier", (20, 20), "300", math.sqrt(2 / 700)),
        ("he", (20, 20), "300", math.sqrt(2 / 400)),
        ("xavier", (20, 20), "conv300x20/1", math.sqrt(2 / (400 + 300 * 400))),
        ("he", (20, 20), "conv300x20/1", math.sqrt(2 / 400)),
    ],
)
def test_initial_weights_have_the_std_of_the_scheme(
    scheme: str, shape: tuple[int, int], layers: str, std: float
) -> None:
    network = make_network(layers, shape, 2, scheme=scheme, bias_std=10)
    weights, biases = network.parameters.layers[0]
    assert np.std(weights) == pytest.approx(std, rel=0.01)
    assert np.mean(weights) == pytest.approx(0, abs=std / 50)
    assert np.std(biases) == pytest.approx(10, rel=0.15)
    initialise(network, scheme, 0.0, np.random.default_rng(0))
    assert not any(biases.any() for _, biases in network.parameters.layers)


@pytest.mark.parametrize("layers", ["6,6", "conv3x3/2,conv3x2/1,6", "conv2x1/3,4", *EXAMPLES])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reused_buffers_does_not_change_results(layers: str, dtype: type) -> None:
    network = make_network(layers, (8, 7), 4, dtype=dtype)
    buffers, out = make_buffers(network), view_parameters(network.layers, np.full_like(network.parameters.flat, np.nan))
    for count in (5, 12, 5, 1, 12):
        images: Array = np.random.default_rng(count).normal(size=(8, 7, count)).astype(dtype)
        fresh, reused = forward(network, images), forward(network, images, buffers)
        assert reused.logits.tobytes() == fresh.logits.tobytes()
        _, dz = cross_entropy(fresh.logits, np.arange(count) % 4)
        gradient = backward(network, reused, dz, buffers, out)
        assert gradient.flat.tobytes() == backward(network, fresh, dz).flat.tobytes()


@pytest.mark.parametrize("layers", ["conv2x3/1,conv4x3/2", "conv3x1/3,conv2x2/1,4", "conv2x5/2,pool2/1", *EXAMPLES])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_inference_gives_the_logits_of_the_forward_pass(layers: str, activation: str) -> None:
    network = make_network(layers, (11, 9), 4, activation)
    buffers = make_buffers(network)
    for count in (150, 1, 30, 150):  # with 1 every product over a row is narrow, with 30 some are
        images = np.moveaxis(np.random.default_rng(count).normal(size=(count, 11, 9)), 0, -1)
        expected = forward(network, images).logits
        np.testing.assert_allclose(infer(network, images, buffers), expected, rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(infer(network, images), expected, rtol=1e-11, atol=1e-11)
