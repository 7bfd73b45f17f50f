import numpy as np
import pytest

from pipeline.network.buffers import Buffers
from pipeline.network.layers import Convolution, MaxPooling
from pipeline.network.patches import view_patches


@pytest.mark.parametrize(
    ("input_shape", "kernel", "stride", "expected"),
    [
        ((1, 28, 28), 5, 2, (12, 12)),
        ((3, 12, 12), 5, 2, (4, 4)),
        ((1, 1, 1), 1, 1, (1, 1)),
        ((1, 1, 1), 1, 7, (1, 1)),
        ((2, 7, 9), 3, 2, (3, 4)),
        ((2, 7, 9), 2, 3, (2, 3)),  # a stride larger than the kernel
        ((1, 7, 9), 7, 1, (1, 3)),
        ((1, 5, 100), 5, 2, (1, 48)),
    ],
)
def test_convolution_has_one_patch_per_valid_position(
    input_shape: tuple[int, int, int], kernel: int, stride: int, expected: tuple[int, int]
) -> None:
    channels, height, width = input_shape
    layer = Convolution(input_shape, 4, kernel=kernel, stride=stride)
    assert layer.weight_shape == (4, channels, kernel, kernel)
    assert layer.output_shape == (4, *expected)
    starts = [range(0, size - kernel + 1, stride) for size in (height, width)]
    assert tuple(map(len, starts)) == expected

    x = np.random.default_rng(0).normal(size=(*input_shape, 3))
    p = layer.take_patches(x, Buffers(np.float64))

    patches = [x[:, i : i + kernel, j : j + kernel].reshape(-1, 3) for i in starts[0] for j in starts[1]]
    assert np.array_equal(p, np.stack(patches, axis=1).reshape(channels * kernel**2, -1))


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (1, 1), (2, 3), (1, 4), (7, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_add_patches_is_the_transpose_of_take_patches(channels: int, kernel: int, stride: int) -> None:
    layer = Convolution((channels, 7, 9), 2, kernel=kernel, stride=stride)
    generator = np.random.default_rng(0)
    x = generator.normal(size=(channels, 7, 9, 3))
    p = layer.take_patches(x, Buffers(np.float64))
    dp = generator.normal(size=p.shape)
    dx = layer.add_patches(dp.copy(), Buffers(np.float64))
    assert dx.shape == x.shape
    assert np.vdot(dx, x) == pytest.approx(np.vdot(dp, p))


def test_patches_do_not_depend_on_memory_order() -> None:
    layer, batch = Convolution((1, 7, 9), 2, kernel=3, stride=2), np.random.default_rng(0).normal(size=(5, 7, 9))
    x = np.moveaxis(batch, 0, -1)[np.newaxis]
    assert not x.flags.c_contiguous
    expected = layer.take_patches(np.ascontiguousarray(x), Buffers(np.float64))
    assert np.array_equal(layer.take_patches(x, Buffers(np.float64)), expected)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (1, 1), (2, 3), (1, 4), (7, 1)])
def test_patches_as_views_are_the_patches_in_another_order(kernel: int, stride: int) -> None:
    layer = Convolution((2, 7, 9), 4, kernel=kernel, stride=stride)
    _, rows, columns = layer.output_shape
    x = np.random.default_rng(0).normal(size=(2, 7, 9, 3))
    copies = np.empty((7, kernel, 2, columns, 3))
    views = view_patches(x, kernel, stride, copies)
    assert np.shares_memory(views, copies)
    p = layer.take_patches(x, Buffers(np.float64)).reshape(2, kernel, kernel, rows, columns * 3)
    assert np.array_equal(views, p.transpose(3, 1, 2, 0, 4).reshape(views.shape))


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


def test_buffers_buffer_is_reused_if_large_enough() -> None:
    buffers = Buffers(np.float64)
    large, other = buffers.array("z", 3, 4), buffers.array("p", 3, 4)
    assert large.shape == (3, 4)
    assert large.dtype == np.float64
    assert np.shares_memory(buffers.array("z", 2, 5), large)
    assert not np.shares_memory(other, large)
    assert buffers.array("z", 5, 6).shape == (5, 6)
    assert buffers.array("z", 5, 6).flags.c_contiguous
