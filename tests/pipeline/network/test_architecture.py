import math

import numpy as np
import pytest

from pipeline.engine.errors import UsageError
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.architecture import (
    FEWEST_IMAGES,
    MICRO_BATCH_IMAGES,
    build_layers,
    find_window,
    format_network,
    micro_batch_size,
    slide,
)
from pipeline.network.layers import Convolution, Dense, MaxPooling
from pipeline.network.network import count_parameters, forward, make_network

RELU = ACTIVATIONS["relu"]


def test_input_shape_of_each_layer_is_output_shape_of_previous() -> None:
    assert build_layers("conv16,conv64x3/1,128", "relu", (28, 20), 10) == (
        Convolution((1, 28, 20), 16, RELU, kernel=(5, 5), stride=(2, 2)),
        Convolution((16, 12, 8), 64, RELU, kernel=(3, 3), stride=(1, 1)),
        Dense((64, 10, 6), 128, RELU),
        Dense((128,), 10),
    )
    assert build_layers("conv3x3/1,pool2,4", "relu", (9, 8), 2)[1:3] == (
        MaxPooling((3, 7, 6), kernel=(2, 2), stride=(2, 2)),
        Dense((3, 3, 3), 4, RELU),
    )
    assert build_layers("", "relu", (3, 4), 2) == (Dense((1, 3, 4), 2),)
    assert build_layers("conv3", "relu", (5, 5), 2)[-1] == Dense((3, 1, 1), 2)


@pytest.mark.parametrize(
    ("layers", "shape", "sizes"),
    [
        ("conv16", (4, 28), "4 x 28"),
        ("conv16", (28, 4), "28 x 4"),
        ("conv16,conv32,conv64", (28, 28), "4 x 4"),
        ("conv16x1000000", (28, 28), "28 x 28"),
        ("conv16,pool13", (28, 28), "12 x 12"),
        ("4,pool2", (28, 28), ""),
        ("conv16,128,conv16x1/1", (28, 28), ""),
    ],
)
def test_error_for_layer_that_does_not_fit_names_it_and_the_size_of_its_input(
    layers: str, shape: tuple[int, int], sizes: str
) -> None:
    with pytest.raises(UsageError, match=f"^{layers.rpartition(',')[2]} .*{sizes}"):
        build_layers(layers, "relu", shape, 10)


@pytest.mark.parametrize("layers", ["conv4x3/1p1+", "conv1x3/1+", "conv1/2p2+"])
def test_input_can_only_be_added_to_an_output_of_its_shape(layers: str) -> None:
    with pytest.raises(UsageError, match="1 x 28 x 28"):
        build_layers(layers, "relu", (28, 28), 10)


def test_dense_layers_have_no_columns() -> None:
    with pytest.raises(UsageError):
        build_layers("conv4,10", "relu", (28, 28), 10, by_column=True)


def test_outputs_by_column_depend_on_the_pixels_around_it_but_not_on_the_width() -> None:
    text = "conv4x3/1p1,pool2,conv6x14x3/1p0x1,conv6x1x3/1p0x2d2+"
    layers = build_layers(text, "relu", (28, 60), 3, by_column=True)
    network = make_network(layers, np.random.default_rng(0).normal(size=count_parameters(layers)))
    line_images = np.random.default_rng(1).normal(size=(28, 60, 2))
    logits = forward(network, line_images).logits
    assert logits.shape == (3, 1, 30, 2)
    wider = make_network(slide(layers, (28, 90)), network.parameters.flat)
    longer = forward(wider, np.pad(line_images, [(0, 0), (20, 10), (0, 0)])).logits
    assert longer.shape == (3, 1, 45, 2)
    np.testing.assert_allclose(longer[:, :, 15:35], logits[:, :, 5:25], atol=1e-12)


def test_format_from_image_shape_to_class_count() -> None:
    assert format_network("conv16x5/2, conv64,128", (28, 20), 10) == "28x20-conv16-conv64-128-10"
    assert format_network("", (3, 4), 2) == "3x4-2"


@pytest.mark.parametrize(
    ("layers", "shape", "images"),
    [
        ("16", (5, 5), MICRO_BATCH_IMAGES),
        ("conv64x3/1", (30, 30), 32),  # 45 images of 265 kB would fit; 32 is a multiple of 16
        ("conv64x3/1", (99, 99), FEWEST_IMAGES),
        ("conv64x3/1", (300, 300), 8),  # of 30 MB
    ],
)
def test_micro_batch_size_is_limited_by_memory(layers: str, shape: tuple[int, int], images: int) -> None:
    assert micro_batch_size(build_layers(layers, "relu", shape, 10)) == images


@pytest.mark.parametrize(
    ("layers", "shape"),
    [("conv1x1/20000", (20_000, 20_000)), ("100000,100000", (28, 28)), ("conv1000x1/1", (999, 999))],
)
def test_networks_that_need_gigabytes_are_refused(layers: str, shape: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="too large"):
        build_layers(layers, "relu", shape, 10)


@pytest.mark.parametrize(
    "text", ["conv4,conv6,conv5x3/1", "conv3x3/1,pool2,6", "conv4,conv5x3/1,7,6", "conv4x3/1,pool3/2,conv4x3/1"]
)
def test_sliding_gives_the_output_of_each_window(text: str) -> None:
    layers = build_layers(text, "relu", (21, 21), 3)
    network = make_network(layers, np.random.default_rng(0).normal(size=count_parameters(layers)))
    picture = np.random.default_rng(1).normal(size=(29, 37, 2))
    slid = make_network(slide(layers, (29, 37)), network.parameters.flat)
    logits = forward(slid, picture).logits
    step = math.prod(layer.stride[0] for layer in layers)
    assert logits.shape[0] == 3
    for i, j in np.ndindex(*logits.shape[1:3]):
        window = picture[step * i : step * i + 21, step * j : step * j + 21]
        if window.shape[:2] == (21, 21):
            np.testing.assert_allclose(logits[:, i, j], forward(network, window).logits.reshape(3, 2), atol=1e-9)
    assert step * (logits.shape[1] - 1) + 21 <= 29


@pytest.mark.parametrize(
    ("text", "side"), [("conv4", 5), ("conv4,conv6,conv5x3/1", 21), ("conv4x3/1,pool2", 4), ("", 1)]
)
def test_window_reduces_to_one_position(text: str, side: int) -> None:
    assert find_window(text) == (side, side)
    (*_, last) = build_layers(text, "relu", (side, side), 3)
    assert last.input_shape[1:] == (1, 1)


@pytest.mark.parametrize("text", ["conv4,10", "conv4p1", "conv4x3x5", "conv4/2x1", "conv4x3d2", "pool2x1"])
def test_only_layers_with_square_windows_can_slide(text: str) -> None:
    with pytest.raises(UsageError, match=text.rpartition(",")[2]):
        find_window(text)
