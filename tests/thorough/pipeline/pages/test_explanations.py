"""The numbers that the drawing demo shows inside the network equal NumPy's."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from pipeline.network.layers import Scratch
from pipeline.network.network import Network, forward, view_parameters
from pipeline.training.architecture import build_layers
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import Demo
from tests.pipeline.pages.handwriting import write_digits

TOLERANCE = 1e-4


# All numbers of a drawing: of one target per layer, and of the difference of two logits.
EXPLAIN = """([strokes, targets, a, b]) => {
    const { image } = read(model, strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y }))));
    const networks = model.networks.map((layers) => foldScaling(layers, model.mean, model.std));
    const values = forward(networks[0], Float32Array.from(image, (p) => p / 255), model.activation);
    const explained = targets.map(([index, unit, position]) => {
        const { slices, sum, bias } = explainOutput(networks[0][index], values[index], unit, position);
        const all = (name) => slices.flatMap((slice) => Array.from(slice[name]));
        return { sum, bias, patch: all("patch"), weights: all("weights"), products: all("products") };
    });
    const { contributions, difference, rest } = explainDifference(networks, image, model.activation, a, b);
    return {
        image: Array.from(image), values: values.map((each) => Array.from(each)), explained,
        contributions: Array.from(contributions), difference, rest,
    };
}"""


def unpack(page: Page) -> Network:
    """Return the first network of the page in 64 bits, with the scaling folded in as the page does."""
    arrays = page.evaluate("model.networks[0].map(({weights, biases}) => [Array.from(weights), Array.from(biases)])")
    mean, std, shape, text = page.evaluate("[model.mean, model.std, model.shape, layersOption]")
    layers = build_layers(text, tuple(shape), len(arrays[-1][1]))
    parameters = view_parameters(layers, np.array([value for layer in arrays for part in layer for value in part]))
    parameters.weights[0][...] /= std
    axes = tuple(range(1, parameters.weights[0].ndim))
    parameters.biases[0][...] -= mean * parameters.weights[0].sum(axis=axes)
    activation = make_model(text, 1, tuple(shape)).networks[0].activation
    return Network(layers, activation, parameters)


def input_gradient(network: Network, outputs: list[NDArray[Any]], a: int, b: int) -> NDArray[np.float64]:
    """Return the gradient of logit a minus logit b with respect to the image, (height, width)."""
    dz: NDArray[Any] = np.zeros((network.layers[-1].outputs, 1))
    dz[a], dz[b] = 1, -1
    for i, layer in reversed(list(enumerate(network.layers))):
        weights = network.parameters.weights[i].reshape(layer.outputs, -1)
        dx = layer.sum_patches(weights.T @ dz.reshape(layer.outputs, -1), Scratch(np.float64))
        dz = dx * network.activation.derivative(outputs[i - 1]) if i else dx
    return dz.reshape(dz.shape[1:3])


@pytest.mark.parametrize("layers", ["conv16,conv64,128", "12,9", "conv6x3/2,conv5x2/1,8"])
def test_all_numbers_equal_those_of_numpy(layers: str, open_demo: Demo) -> None:
    generator = np.random.default_rng(0)
    model = make_model(layers, shape=(28, 28), class_names=tuple("0123456789"))
    with open_demo(model) as page:
        page.evaluate("(text) => { layersOption = text; }", layers)
        network = unpack(page)
        for _, _, strokes in itertools.islice(write_digits(), 0, None, 10):
            targets = []
            for index, layer in enumerate(network.layers):
                positions = int(np.prod(layer.output_shape[1:]))
                targets.append([index, int(generator.integers(layer.outputs)), int(generator.integers(positions))])
            a, b = generator.choice(10, 2, replace=False).tolist()
            found = page.evaluate(EXPLAIN, [strokes, targets, a, b])
            ink = np.array(found["image"]).reshape(28, 28, 1) / 255
            cache = forward(network, ink)
            for actual, expected in zip(found["values"], [ink, *cache.outputs], strict=True):
                np.testing.assert_allclose(actual, expected.reshape(-1), atol=TOLERANCE)
            for (index, unit, position), explained in zip(targets, found["explained"], strict=True):
                patch = cache.patches[index][:, position]
                weights = network.parameters.weights[index][unit].reshape(-1)
                for name, expected in (("patch", patch), ("weights", weights), ("products", patch * weights)):
                    np.testing.assert_allclose(explained[name], expected, atol=TOLERANCE)
                assert explained["sum"] == pytest.approx(patch @ weights, abs=TOLERANCE)
                assert explained["bias"] == pytest.approx(network.parameters.biases[index][unit], abs=TOLERANCE)
            logits = cache.logits[:, 0]
            contributions = input_gradient(network, cache.outputs, a, b) * ink[..., 0]
            np.testing.assert_allclose(found["contributions"], contributions.reshape(-1), atol=TOLERANCE)
            assert found["difference"] == pytest.approx(logits[a] - logits[b], abs=TOLERANCE)
            assert found["rest"] == pytest.approx(logits[a] - logits[b] - contributions.sum(), abs=TOLERANCE)


def test_moving_the_image_equals_padding_and_cutting(page: Page) -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for down in range(-3, 4):
        for right in range(-4, 5):
            found = page.evaluate(
                "([image, down, right]) => Array.from(moveImage(Uint8Array.from(image), [3, 4], [down, right]))",
                [image.reshape(-1).tolist(), down, right],
            )
            padded = np.pad(image, 4)
            expected = padded[4 - down : 7 - down, 4 - right : 8 - right]
            assert np.array_equal(np.array(found).reshape(3, 4), expected), (down, right)
