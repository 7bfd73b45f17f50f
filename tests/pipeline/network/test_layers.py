from collections.abc import Callable

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.network.layer import Buffers, Pair
from pipeline.network.layers import AveragePooling, Dropout, MaxPooling

WINDOWS = pytest.mark.parametrize(
    ("kernel", "stride"),
    [
        *(((2, 2), (2, 2)), ((3, 3), (2, 2)), ((3, 3), (1, 1)), ((1, 1), (1, 1)), ((2, 2), (3, 3)), ((7, 7), (1, 1))),
        *(((2, 1), (2, 1)), ((1, 3), (1, 2)), ((3, 2), (1, 4))),
    ],
)


@WINDOWS
@pytest.mark.parametrize(("kind", "reduce"), [(MaxPooling, np.max), (AveragePooling, np.mean)])
def test_pooling_is_the_maximum_or_the_mean_under_the_kernel(
    kind: type[MaxPooling | AveragePooling], reduce: Callable[..., Array], kernel: Pair, stride: Pair
) -> None:
    layer = kind((2, 7, 9), kernel, stride)
    x = np.random.default_rng(0).normal(size=(2, 7, 9, 3))
    y, _ = layer.forward((), x, Buffers(np.float64))
    assert y.shape == (*layer.output_shape, 3)
    for i, j in np.ndindex(*layer.output_shape[1:]):
        top, left = i * stride[0], j * stride[1]
        window = x[:, top : top + kernel[0], left : left + kernel[1]]
        np.testing.assert_allclose(y[:, i, j], reduce(window, axis=(1, 2)), rtol=1e-14)


def test_gradient_of_equal_values_goes_to_the_first() -> None:
    layer, buffers = MaxPooling((1, 2, 4), (2, 2), (2, 2)), Buffers(np.float64)
    x = np.array([[[3.0, 3, 1, 2], [3, 0, 2, 2]]])[..., np.newaxis]
    _, saved = layer.forward((), x, buffers)
    dx = layer.backward((), (), saved, np.array([[[5.0, 7]]])[..., np.newaxis], buffers, first=False)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[5, 0, 0, 7], [0, 0, 0, 0]]


def test_dropout_keeps_the_mean_and_is_the_identity_without_a_generator() -> None:
    layer, buffers = Dropout((40, 50), 0.2), Buffers(np.float32)
    x = np.ones((40, 50, 30), np.float32)
    y, factors = layer.forward((), x, buffers, np.random.default_rng(0))
    assert np.unique(y).tolist() == [0, 1.25]
    assert y.mean() == pytest.approx(1, abs=0.01)
    dx = layer.backward((), (), factors, np.full_like(x, 2), buffers, first=False)
    np.testing.assert_array_equal(dx, 2 * y)
    assert layer.forward((), x, buffers)[0] is layer.infer((), x, buffers) is x
