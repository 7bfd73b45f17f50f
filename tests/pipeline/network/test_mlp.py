import math

import numpy as np
import pytest

from pipeline.network.activations import ACTIVATIONS
from pipeline.network.mlp import allocate, cut, forward, initialise


def test_every_layer_is_a_view_of_one_buffer() -> None:
    parameters = allocate((4, 3, 2))
    assert parameters.flat.dtype == np.float32
    assert parameters.flat.shape == (4 * 3 + 3 + 3 * 2 + 2,)
    assert [(layer.weights.shape, layer.biases.shape) for layer in parameters.layers] == [
        ((4, 3), (3,)),
        ((3, 2), (2,)),
    ]
    parameters.flat[:] = np.arange(len(parameters.flat))
    parts = [part.reshape(-1) for layer in parameters.layers for part in (layer.weights, layer.biases)]
    assert np.array_equal(np.concatenate(parts), parameters.flat)


@pytest.mark.parametrize("hidden", [(), (5,), (5, 6, 7)])
@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_forward_agrees_with_the_sums_written_out(name: str, hidden: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    layers = allocate((4, *hidden, 3), np.float64).layers
    initialise(layers, "normal", 1.0, generator)
    inputs = generator.normal(size=(6, 4))

    def by_hand(row: list[float]) -> list[float]:
        for i, layer in enumerate(layers):
            fan_in, fan_out = layer.weights.shape
            z = [sum(row[j] * layer.weights[j, k] for j in range(fan_in)) + layer.biases[k] for k in range(fan_out)]
            squash = {"sigmoid": lambda x: 1 / (1 + math.exp(-x)), "relu": lambda x: max(x, 0)}[name]
            row = z if i == len(layers) - 1 else [squash(x) for x in z]
        return row

    logits = forward(layers, inputs, ACTIVATIONS[name])[-1]
    np.testing.assert_allclose(logits, [by_hand(list(row)) for row in inputs], rtol=1e-12)


@pytest.mark.parametrize(
    ("scheme", "deviation"), [("normal", 1), ("xavier", math.sqrt(2 / 700)), ("he", math.sqrt(2 / 400))]
)
def test_first_weights_are_drawn_as_wide_as_the_scheme_says(scheme: str, deviation: float) -> None:
    (layer,) = allocate((400, 300)).layers
    initialise([layer], scheme, 10.0, np.random.default_rng(0))
    assert np.std(layer.weights) == pytest.approx(deviation, rel=0.01)
    assert np.mean(layer.weights) == pytest.approx(0, abs=deviation / 50)
    assert np.std(layer.biases) == pytest.approx(10, rel=0.15)
    initialise([layer], scheme, 0.0, np.random.default_rng(0))
    assert not layer.biases.any()


@pytest.mark.parametrize(("parts", "largest"), [(1, 10**6), (1, 20), (2, 10**6), (3, 20), (3, 1), (100, 50)])
@pytest.mark.parametrize("sizes", [(13, 5, 1, 4), (3, 2), (784, 30, 10)])
def test_a_network_is_cut_into_equal_parts_and_blocks_without_loss(
    sizes: tuple[int, ...], parts: int, largest: int
) -> None:
    total, row = len(allocate(sizes).flat), max(sizes[1:])
    cuts = cut(sizes, parts, largest)
    assert len(cuts) == parts
    position = 0
    for part in cuts:
        first = position
        for block in part:
            assert block
            start = position
            for piece in block:
                assert piece.numbers.start == position
                position = piece.numbers.stop
                assert position - piece.numbers.start == (piece.rows.stop - piece.rows.start) * piece.fan_out
            assert position - start < largest + row
        assert abs(position - first - total / parts) < 2 * row
    assert position == total
    rows = [sum(p.rows.stop - p.rows.start for part in cuts for b in part for p in b if p.layer == i) for i in (0, 1)]
    assert rows[0] == sizes[0] + 1
    assert rows[1] == (sizes[1] + 1 if len(sizes) > 2 else 0)


def test_a_block_that_fits_is_in_one_piece_a_layer() -> None:
    assert [[len(block) for block in part] for part in cut((13, 5, 1, 4), parts=1, largest=10**6)] == [[3]]
