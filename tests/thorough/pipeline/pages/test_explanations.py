"""The numbers that the drawing demo shows inside the network equal NumPy's."""

import itertools

import numpy as np
import pytest
from playwright.sync_api import Page

from pipeline.network.activations import Array
from pipeline.network.architecture import build_layers
from pipeline.network.buffers import Buffers
from pipeline.network.network import Cache, Network, forward, make_network, view_parameters
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import Demo
from tests.pipeline.pages.handwriting import write_digits

TOLERANCE = 1e-4


# All numbers of a drawing: of one target per layer, and of the difference of two logits.
EXPLAIN = """([strokes, targets, a, b]) => {
    const { image } = read(model, strokes.map((stroke) => stroke.map(([x, y]) => ({ x, y }))));
    const [layers] = model.networks;
    const values = forward(layers, inkOf(image));
    const explained = targets.map(([index, unit, position]) => {
        const layer = layers[index];
        const { slices, sum, bias } = LAYERS[layer.kind].explain(layer, values[index], unit, position);
        const all = (name) => slices.flatMap((slice) => Array.from(slice[name]));
        return { sum, bias, patch: all("patch"), weights: all("weights"), products: all("products") };
    });
    const { contributions, difference, rest } = explainDifference(model.networks, image, a, b);
    return {
        image: Array.from(image), values: values.map((each) => Array.from(each)), explained,
        contributions: Array.from(contributions), difference, rest,
    };
}"""


def unpack(page: Page) -> Network:
    """Return the first network of the page in 64 bits, with its scaling folded in."""
    arrays = page.evaluate(
        "model.networks[0].flatMap(({weights, biases}) => (weights ? [Array.from(weights), Array.from(biases)] : []))"
    )
    shape, text, activation = page.evaluate("[model.shape, ...architecture]")
    layers = build_layers(text, activation, tuple(shape), len(arrays[-1]))
    return make_network(layers, np.concatenate(arrays))


def input_gradient(network: Network, cache: Cache, a: int, b: int) -> Array:
    """Return the gradient of logit a minus logit b with respect to the image, (height, width)."""
    dy: Array | None = np.eye(len(cache.logits))[:, [a]] - np.eye(len(cache.logits))[:, [b]]
    gradient = view_parameters(network.layers, np.empty_like(network.parameters.flat))
    for i, layer in reversed(list(enumerate(network.layers))):
        assert dy is not None
        w, dw = network.parameters.layers[i], gradient.layers[i]
        dy = layer.backward(w, dw, cache.saved[i], dy, Buffers(np.float64), first=False)
    assert dy is not None
    return dy[0, :, :, 0]


@pytest.mark.parametrize(
    ("layers", "activation"),
    [
        ("conv16,conv64,128", "relu"),
        ("12,9", "sigmoid"),
        ("conv6x3/2,conv5x2/1,8", "relu"),
        ("conv8x5/1,pool2,conv9x5/1,pool3/2,12", "tanh"),
    ],
)
def test_all_numbers_equal_those_of_numpy(layers: str, activation: str, open_demo: Demo) -> None:
    generator = np.random.default_rng(0)
    model = make_model(layers, shape=(28, 28), class_names=tuple("0123456789"), activation=activation)
    with open_demo(model) as page:
        page.evaluate("(given) => { architecture = given; }", [layers, activation])
        network = unpack(page)
        for _, _, strokes in itertools.islice(write_digits(), 0, None, 10):
            targets = []
            for index, layer in enumerate(network.layers):
                positions = int(np.prod(layer.output_shape[1:]))
                unit = int(generator.integers(layer.output_shape[0]))
                targets.append([index, unit, int(generator.integers(positions))])
            a, b = generator.choice(10, 2, replace=False).tolist()
            found = page.evaluate(EXPLAIN, [strokes, targets, a, b])
            ink = np.array(found["image"]).reshape(28, 28, 1) / 255
            cache = forward(network, ink)
            for actual, expected in zip(found["values"], [ink, *cache.outputs], strict=True):
                np.testing.assert_allclose(actual, expected.reshape(-1), atol=TOLERANCE)
            for (index, unit, position), explained in zip(targets, found["explained"], strict=True):
                if not network.parameters.layers[index]:
                    expected = cache.outputs[index][unit].reshape(-1)[position]
                    assert explained["sum"] == pytest.approx(expected, abs=TOLERANCE)
                    continue
                weights, biases = (array[unit].reshape(-1) for array in network.parameters.layers[index])
                patch = cache.saved[index][0][:, position]
                for name, expected in (("patch", patch), ("weights", weights), ("products", patch * weights)):
                    np.testing.assert_allclose(explained[name], expected, atol=TOLERANCE)
                assert explained["sum"] == pytest.approx(patch @ weights, abs=TOLERANCE)
                assert explained["bias"] == pytest.approx(biases[0], abs=TOLERANCE)
            logits = cache.logits[:, 0]
            contributions = input_gradient(network, cache, a, b) * ink[..., 0]
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
