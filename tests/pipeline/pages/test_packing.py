import base64
from collections.abc import Callable

import numpy as np
import pytest

from pipeline.network.mlp import Layer
from pipeline.network.model import Model
from pipeline.pages.packing import Packed, pack, pack_layer


def unpack(packed: dict[str, str], bits: int, fan_in: int) -> Layer:
    def array(name: str, dtype: str) -> np.ndarray:
        return np.frombuffer(base64.b64decode(packed[name]), dtype)

    codes = array("codes", f"<i{bits // 8}").reshape(fan_in, -1)
    return Layer(codes * array("scales", "<f4"), array("biases", "<f4"))


def length(packed: Packed) -> int:
    return sum(len(text) for layers in packed.members for layer in layers for text in layer.values())


@pytest.mark.parametrize("bits", [8, 16])
def test_weights_come_back_to_within_half_a_step_of_their_column(bits: int) -> None:
    generator = np.random.default_rng(0)
    weights = (generator.normal(size=(50, 7)) * np.logspace(-20, 20, 7)).astype(np.float32)
    biases = generator.normal(size=7).astype(np.float32)
    layer = unpack(pack_layer(Layer(weights, biases), bits), bits, 50)
    step = np.abs(weights).max(axis=0) / (2 ** (bits - 1) - 1)
    assert (np.abs(layer.weights - weights) <= 0.501 * step).all()
    assert np.array_equal(layer.biases, biases)


def test_a_unit_without_weights_stays_one() -> None:
    weights = np.array([[0, 1], [0, -2]], np.float32)
    layer = unpack(pack_layer(Layer(weights, np.zeros(2, np.float32)), 16), 16, 2)
    assert np.array_equal(layer.weights[:, 0], [0, 0])


def test_a_model_takes_16_bits_then_8_then_leaves_out_members(make_model: Callable[..., Model]) -> None:
    model = make_model(members=3)
    whole = pack(model, 10**6)
    assert (len(whole.members), whole.bits) == (3, 16)
    assert pack(model, length(whole)) == whole
    coarse = pack(model, length(whole) - 1)
    assert (len(coarse.members), coarse.bits) == (3, 8)
    assert pack(model, length(coarse)) == coarse
    part = pack(model, length(coarse) - 1)
    assert part.members == coarse.members[:2]
    assert pack(model, length(coarse) // 3 - 1).members == ()
