import numpy as np
import pytest

from pipeline.network.layer import Buffers, Pair
from pipeline.network.layers import MaxPooling


@pytest.mark.parametrize(
    ("kernel", "stride"),
    [
        *(((2, 2), (2, 2)), ((3, 3), (2, 2)), ((3, 3), (1, 1)), ((1, 1), (1, 1)), ((2, 2), (3, 3)), ((7, 7), (1, 1))),
        *(((2, 1), (2, 1)), ((1, 3), (1, 2)), ((3, 2), (1, 4))),
    ],
)
def test_max_pooling_is_the_largest_value_under_the_kernel(kernel: Pair, stride: Pair) -> None:
    layer = MaxPooling((2, 7, 9), kernel, stride)
    x = np.random.default_rng(0).normal(size=(2, 7, 9, 3))
    y, _ = layer.forward((), x, Buffers(np.float64))
    assert y.shape == (*layer.output_shape, 3)
    for i, j in np.ndindex(*layer.output_shape[1:]):
        top, left = i * stride[0], j * stride[1]
        window = x[:, top : top + kernel[0], left : left + kernel[1]]
        assert np.array_equal(y[:, i, j], window.max(axis=(1, 2)))


def test_gradient_of_equal_values_goes_to_the_first() -> None:
    layer, buffers = MaxPooling((1, 2, 4), (2, 2), (2, 2)), Buffers(np.float64)
    x = np.array([[[3.0, 3, 1, 2], [3, 0, 2, 2]]])[..., np.newaxis]
    _, saved = layer.forward((), x, buffers)
    dx = layer.backward((), (), saved, np.array([[[5.0, 7]]])[..., np.newaxis], buffers, first=False)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[5, 0, 0, 7], [0, 0, 0, 0]]
