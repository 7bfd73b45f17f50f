from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.network import network as module
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.architecture import build_layers
from pipeline.network.layer import Buffers
from pipeline.network.layers import LAYER_KINDS, Convolution
from pipeline.network.losses import LOSSES
from pipeline.network.network import Cache, Network, backward, count_parameters, forward, view_parameters
from pipeline.network.notation import parse_layers
from pipeline.reader_training.positions import at_positions
from tests.pipeline.network.kinds import EXAMPLES, layers_of
from tests.pipeline.networks import make_network

ARCHITECTURES = [
    *("", "7", "5,1,4", "conv3x3/1", "conv2x2/2,conv3x2/1,5", "conv2x3/2,6,6", "conv3x1/3", "conv2x5/1,3"),
    *("pool2/1,3", "avgpool2/1,3"),
    *("conv2x1/1,conv2x3/2,3", "conv2x1/1,conv2x2/3", "conv2x1/1,conv3x1/2,4"),
    *EXAMPLES,
]

RESIDUAL = "conv3x2/1p1,conv3x3/1p1+,pool2x1,pool1x3/2x1"


@pytest.mark.parametrize(
    ("layers", "activation", "loss"),
    [
        *((layers, "tanh", "cross-entropy") for layers in ARCHITECTURES),
        *((layers, activation, "cross-entropy") for layers in ("5,1,4", RESIDUAL) for activation in ACTIVATIONS),
        *(("conv3x3/1", "relu", loss) for loss in LOSSES),
    ],
)
def test_gradients_equal_central_differences(layers: str, activation: str, loss: str) -> None:
    network = make_network(layers, (7, 6), 4, activation, "xavier", bias_std=0.5, seed=1)
    generator = np.random.default_rng(2)
    images, labels = generator.standard_normal((7, 6, 5)), generator.integers(0, 4, 5)
    check_gradients(network, images, partial(LOSSES[loss].function, labels=labels, label_smoothing=0.1))


@pytest.mark.parametrize("layers", ["", "conv3x3/1p1,pool2x1,conv4x3x1/1,conv4x1x3/1p0x2d2+"])
def test_gradients_by_column_equal_central_differences(layers: str) -> None:
    built = build_layers(layers, "tanh", (7, 6), 4, by_column=True)
    generator = np.random.default_rng(2)
    network = module.make_network(built, generator.standard_normal(count_parameters(built)) / 3)
    images, labels = generator.standard_normal((7, 6, 5)), generator.integers(0, 4, (1, 6, 5))
    check_gradients(network, images, partial(at_positions, LOSSES["cross-entropy"].function, labels=labels, count=5))


@pytest.mark.parametrize("layers", [*layers_of("dropout"), "dropout0.25,conv3x3/1,avgpool2"])
def test_gradients_under_dropout_equal_central_differences(layers: str) -> None:
    network = make_network(layers, (7, 6), 4, "tanh", "xavier", bias_std=0.5, seed=1)
    generator = np.random.default_rng(2)
    images, labels = generator.standard_normal((7, 6, 5)), generator.integers(0, 4, 5)
    without, dropped = (forward(network, images, generator=each).logits for each in (None, np.random.default_rng(3)))
    assert not np.allclose(without, dropped)
    check_gradients(network, images, partial(LOSSES["cross-entropy"].function, labels=labels), seed=3)


def check_gradients(
    network: Network, images: Array, compute_loss: Callable[[Array], tuple[float, Array]], seed: int | None = None
) -> None:
    """Compare the gradients with central differences. seed: of the random numbers that the layers draw, if any."""

    def run() -> Cache:
        return forward(network, images, generator=None if seed is None else np.random.default_rng(seed))

    cache = run()
    gradient = backward(network, cache, compute_loss(cache.logits)[1])

    numeric = view_parameters(network.layers, np.empty_like(gradient.flat))
    step = 1e-5
    for i, value in enumerate(network.parameters.flat.copy()):
        losses = []
        for shifted in (value + step, value - step):
            network.parameters.flat[i] = shifted
            losses.append(compute_loss(run().logits)[0])
        network.parameters.flat[i] = value
        numeric.flat[i] = (losses[0] - losses[1]) / (2 * step)
    for analytic, expected in zip(gradient.layers, numeric.layers, strict=True):
        for one, other in zip(analytic, expected, strict=True):
            assert relative_error(one, other) < 1e-6


def relative_error(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(a)), float(np.linalg.norm(b)), 1e-12)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "numbers", ["x5", "x3/1", "x4/3", "x1/1", "x1", "x9", "x2x5/3x1", "x3/1p1", "x5x2/2x3p4x0", "/1p0x3d2"]
)
def test_convolution_equals_scipy_correlate(channels: int, numbers: str) -> None:
    from scipy.signal import correlate  # slow: not in each test process

    generator = np.random.default_rng(3)
    ((_, kind, values),) = parse_layers(f"conv2{numbers}")
    layer = LAYER_KINDS[kind]((channels, 11, 9), **values)
    assert isinstance(layer, Convolution)
    x, weights = generator.standard_normal((channels, 11, 9, 3)), generator.standard_normal(layer.weight_shape)
    dilated = np.zeros((2, channels, *layer.window))
    dilated[..., :: layer.dilation] = weights
    (height, width), (down, along) = layer.padding, layer.stride

    maps, _ = layer.forward((weights, np.zeros(2)), x, Buffers(np.float64))

    for image in range(3):
        padded = np.pad(x[..., image], [(0, 0), (height, height), (width, width)])
        for filter_ in range(2):
            whole = correlate(padded, dilated[filter_], mode="valid")[0]
            np.testing.assert_allclose(maps[filter_, :, :, image], whole[::down, ::along], atol=1e-12)
