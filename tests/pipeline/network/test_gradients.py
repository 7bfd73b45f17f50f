from functools import partial

import numpy as np
import pytest
from scipy.signal import correlate

from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.buffers import Buffers
from pipeline.network.layers import Convolution
from pipeline.network.losses import LOSSES
from pipeline.network.network import backward, forward, view_parameters
from tests.pipeline.network.kinds import LAYERS
from tests.pipeline.networks import make_network

ARCHITECTURES = [
    *("", "7", "5,1,4", "conv3x3/1", "conv2x2/2,conv3x2/1,5", "conv2x3/2,6,6", "conv3x1/3", "conv2x5/1,3", "pool2/1,3"),
    *("conv2x1/1,conv2x3/2,3", "conv2x1/1,conv2x2/3", "conv2x1/1,conv3x1/2,4"),
    *LAYERS.values(),
]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("layers", "loss"),
    [*((layers, "cross-entropy") for layers in ARCHITECTURES), *(("conv3x3/1", loss) for loss in LOSSES)],
)
def test_gradients_equal_central_differences(layers: str, activation: str, loss: str) -> None:
    network = make_network(layers, (7, 6), 4, activation, "xavier", bias_std=0.5, seed=1)
    generator = np.random.default_rng(2)
    images, labels = generator.standard_normal((7, 6, 5)), generator.integers(0, 4, 5)
    compute_loss = partial(LOSSES[loss], labels=labels, label_smoothing=0.1)

    cache = forward(network, images)
    gradient = backward(network, cache, compute_loss(cache.logits)[1])

    numeric = view_parameters(network.layers, np.empty_like(gradient.flat))
    step = 1e-5
    for i, value in enumerate(network.parameters.flat.copy()):
        losses = []
        for shifted in (value + step, value - step):
            network.parameters.flat[i] = shifted
            losses.append(compute_loss(forward(network, images).logits)[0])
        network.parameters.flat[i] = value
        numeric.flat[i] = (losses[0] - losses[1]) / (2 * step)
    for analytic, expected in zip(gradient.layers, numeric.layers, strict=True):
        for one, other in zip(analytic, expected, strict=True):
            assert relative_error(one, other) < 1e-6


def relative_error(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(a)), float(np.linalg.norm(b)), 1e-12)


@pytest.mark.parametrize(
    ("channels", "kernel", "stride"), [(1, 5, 2), (3, 3, 1), (2, 4, 3), (4, 1, 1), (2, 1, 2), (1, 9, 2)]
)
def test_convolution_equals_scipy_correlate(channels: int, kernel: int, stride: int) -> None:
    generator = np.random.default_rng(3)
    layer = Convolution((channels, 11, 9), 2, kernel=kernel, stride=stride)
    x, weights = generator.standard_normal((channels, 11, 9, 3)), generator.standard_normal(layer.weight_shape)

    maps, _ = layer.forward((weights, np.zeros(2)), x, Buffers(np.float64))

    for image in range(3):
        for filter_ in range(2):
            whole = correlate(x[..., image], weights[filter_], mode="valid")[0]
            np.testing.assert_allclose(maps[filter_, :, :, image], whole[::stride, ::stride], atol=1e-12)
