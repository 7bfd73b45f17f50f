import numpy as np
import pytest

from pipeline.network.buffers import Buffers
from pipeline.network.layers import MaxPooling


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (3, 1), (1, 1), (2, 3), (7, 1)])
def test_max_pooling_is_the_largest_value_under_the_kernel(kernel: int, stride: int) -> None:
    layer = MaxPooling((2, 7, 9), kernel, stride)
    x = np.random.default_rng(0).normal(size=(2, 7, 9, 3))
    y, _ = layer.forward((), x, Buffers(np.float64))
    assert y.shape == (*layer.output_shape, 3)
    for i, j in np.ndindex(*layer.output_shape[1:]):
        window = x[:, i * stride : i * stride + kernel, j * stride : j * stride + kernel]
        assert np.array_equal(y[:, i, j], window.max(axis=(1, 2)))


def test_gradient_of_equal_values_goes_to_the_first() -> None:
    layer, buffers = MaxPooling((1, 2, 4), 2, 2), Buffers(np.float64)
    x = np.array([[[3.0, 3, 1, 2], [3, 0, 2, 2]]])[..., np.newaxis]
    _, saved = layer.forward((), x, buffers)
    dx = layer.backward((), (), saved, np.array([[[5.0, 7]]])[..., np.newaxis], buffers, first=False)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[5, 0, 0, 7], [0, 0, 0, 0]]
