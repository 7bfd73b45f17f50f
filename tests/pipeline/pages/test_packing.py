import base64

import numpy as np
import pytest

from pipeline.pages.packing import Packed, pack, pack_array
from tests.pipeline.models import make_model


def unpack(packed: dict[str, str], bits: int, shape: tuple[int, ...]) -> np.ndarray:
    def array(name: str, dtype: str) -> np.ndarray:
        return np.frombuffer(base64.b64decode(packed[name]), dtype)

    if "values" in packed:
        return array("values", "<f4").reshape(shape)
    scales = array("scales", "<f4")
    values = array("codes", f"<i{bits // 8}").reshape(len(scales), -1) * scales[:, None]
    return np.asarray(values).reshape(shape)


def length(packed: Packed) -> int:
    arrays = [array for layers in packed.networks for layer in layers for array in layer.values()]
    return sum(len(text) for array in arrays for text in array.values())


@pytest.mark.parametrize("shape", [(7, 50), (7, 2, 5, 5)])
@pytest.mark.parametrize("bits", [8, 16])
def test_quantization_error_is_at_most_half_a_step(bits: int, shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    weights = (generator.normal(size=shape).T * np.logspace(-20, 20, 7)).T.astype(np.float32)
    biases = generator.normal(size=7).astype(np.float32)
    unpacked = unpack(pack_array(weights, bits), bits, shape)
    step = np.abs(weights.reshape(7, -1)).max(axis=1) / (2 ** (bits - 1) - 1)
    assert (np.abs(unpacked - weights).reshape(7, -1).max(axis=1) <= 0.501 * step).all()
    assert np.array_equal(unpack(pack_array(biases, bits), bits, biases.shape), biases)


def test_output_with_zero_weights_is_preserved() -> None:
    weights = np.array([[0, 0], [1, -2]], np.float32)
    unpacked = unpack(pack_array(weights, 16), 16, weights.shape)
    assert np.array_equal(unpacked[0], [0, 0])


def test_model_is_packed_in_16_bits_then_8_then_fewer_networks() -> None:
    model = make_model("conv4x2,5", ensemble_size=3)
    fine = pack(model)
    assert (len(fine.networks), fine.bits) == (3, 16)
    assert pack(model, {16: length(fine), 8: 0}) == fine
    coarse = pack(model, {16: length(fine) - 1, 8: 10**6})
    assert (len(coarse.networks), coarse.bits) == (3, 8)
    assert pack(model, {8: length(coarse)}) == coarse
    part = pack(model, {8: length(coarse) - 1})
    assert part.networks == coarse.networks[:2]
    assert pack(model, {8: length(coarse) // 3 - 1}).networks == ()
