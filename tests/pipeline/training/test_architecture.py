import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.errors import UsageError
from pipeline.network.layers import Convolution, Dense
from pipeline.training.architecture import build_layers, format_network
from pipeline.training.notation import format_layers, parse_layers


@pytest.mark.parametrize(
    ("text", "layers", "shortest"),
    [
        ("", [], ""),
        (" ", [], ""),
        ("512", [(512, 0, 0)], "512"),
        (" 20, 16 ", [(20, 0, 0), (16, 0, 0)], "20,16"),
        ("128,128", [(128, 0, 0), (128, 0, 0)], "128,128"),
        ("conv16", [(16, 5, 2)], "conv16"),
        ("conv16x5/2", [(16, 5, 2)], "conv16"),
        ("conv16x5", [(16, 5, 2)], "conv16"),
        ("conv16/2", [(16, 5, 2)], "conv16"),
        ("conv16x3", [(16, 3, 2)], "conv16x3"),
        ("conv16/1", [(16, 5, 1)], "conv16/1"),
        ("conv16x3/1, conv64x5/2,128", [(16, 3, 1), (64, 5, 2), (128, 0, 0)], "conv16x3/1,conv64,128"),
    ],
)
def test_layers_are_parsed_and_formatted_in_their_shortest_notation(
    text: str, layers: list[tuple[int, int, int]], shortest: str
) -> None:
    assert parse_layers(text) == layers
    assert format_layers(text) == shortest


@given(st.lists(st.one_of(st.tuples(st.integers(1, 10**6)), st.tuples(*[st.integers(1, 10**6)] * 3)), max_size=5))
def test_a_shortest_notation_means_the_same_layers(parts: list[tuple[int, ...]]) -> None:
    text = ",".join("conv{}x{}/{}".format(*part) if len(part) > 1 else str(part[0]) for part in parts)
    assert parse_layers(text) == [(*part, 0, 0)[:3] for part in parts]
    assert parse_layers(format_layers(text)) == parse_layers(text)
    assert format_layers(format_layers(text)) == format_layers(text)


@pytest.mark.parametrize(
    "part",
    [
        *("a", "0", "-3", "+3", "1.5", "1e3", "1;2", "1 2", "01", "1_0", "٣", "1000001", "9" * 5000, "[12]", "", "1,"),
        *("conv", "conv0", "conv16x0", "conv16/0", "conv16x", "conv16/", "conv16/2x5", "conv16x5x5", "CONV16"),
        *("conv-16", "conv 16", "conv1000001", "conv16x1000001", "conv16/1000001", "conv٣", "xconv16", "conv16\n3"),
    ],
)
def test_other_text_is_refused_and_named(part: str) -> None:
    for text in (f"10,{part}", f"{part},10"):
        with pytest.raises(UsageError, match="layers cannot contain"):
            parse_layers(text)


def test_every_layer_takes_the_output_of_the_one_before() -> None:
    assert build_layers("conv16,conv64x3/1,128", (28, 20), 10) == (
        Convolution((1, 28, 20), 16, 5, 2),
        Convolution((16, 12, 8), 64, 3, 1),
        Dense((64, 10, 6), 128),
        Dense((128,), 10),
    )
    assert build_layers("", (3, 4), 2) == (Dense((1, 3, 4), 2),)
    assert build_layers("conv3", (5, 5), 2)[-1] == Dense((3, 1, 1), 2)


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (9, 7), (2, 30), (100, 3)])
@pytest.mark.parametrize("layers", ["", "4", "conv2x1/1", "conv2x1/5,conv3x1/1,4"])
def test_images_of_any_size_have_layers(layers: str, shape: tuple[int, int]) -> None:
    *hidden, last = build_layers(layers, shape, 3)
    assert last.output_shape == (3,)
    assert all(min(layer.output_shape) >= 1 for layer in hidden)
    assert last.weight_shape[1] == (math.prod(hidden[-1].output_shape) if hidden else math.prod(shape))


@pytest.mark.parametrize(
    ("layers", "shape", "words"),
    [
        ("conv16", (4, 28), ["conv16 does not fit", "4 x 28", "5 x 5"]),
        ("conv16", (28, 4), ["conv16 does not fit", "28 x 4"]),
        ("conv16,conv32,conv64", (28, 28), ["conv64 does not fit", "28 x 28 -> 12 x 12 -> 4 x 4"]),
        ("conv16x2", (1, 1), ["conv16x2 does not fit", "1 x 1", "2 x 2"]),
        ("conv16x1000000", (28, 28), ["conv16x1000000 does not fit"]),
        ("128,conv16", (28, 28), ["conv16", "after a dense layer"]),
        ("conv16,128,conv16x1/1", (28, 28), ["conv16x1/1", "after a dense layer"]),
    ],
)
def test_a_layer_that_does_not_fit_is_refused_with_the_sizes_before_it(
    layers: str, shape: tuple[int, int], words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        build_layers(layers, shape, 10)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_a_network_is_described_from_its_images_to_its_classes() -> None:
    assert format_network("conv16x5/2, conv64,128", (28, 20), 10) == "28x20-conv16-conv64-128-10"
    assert format_network("", (3, 4), 2) == "3x4-2"
