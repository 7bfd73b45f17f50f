import base64

import numpy as np
import pytest

from pipeline.html.lesson.packing import Packed, pack, pack_array
from pipeline.model.quantization import quantize
from tests.pipeline.models import make_model


def length(packed: Packed) -> int:
    arrays = [array for layer in packed.layers for array in layer.values()]
    return sum(len(text) for array in arrays for text in array.values())


@pytest.mark.parametrize("bits", [8, 16])
def test_weights_are_packed_as_quantized_and_biases_as_they_are(bits: int) -> None:
    weights = np.random.default_rng(0).normal(size=(7, 2, 5, 5)).astype(np.float32)
    packed = {name: base64.b64decode(text) for name, text in pack_array(weights, bits).items()}
    codes, scales = quantize(weights, bits)
    assert packed == {"codes": codes.tobytes(), "scales": scales.tobytes()}
    assert base64.b64decode(pack_array(weights[:, 0, 0, 0], bits)["values"]) == weights[:, 0, 0, 0].tobytes()


def test_first_network_is_packed_in_16_bits_then_8() -> None:
    model = make_model("conv4x2,5", ensemble_size=3)
    fine = pack(model)
    assert fine.bits == 16
    assert pack(model, {16: length(fine), 8: 0}) == fine == pack(make_model("conv4x2,5"))
    coarse = pack(model, {16: length(fine) - 1, 8: 10**6})
    assert coarse.bits == 8
    assert pack(model, {8: length(coarse)}) == coarse
    assert pack(model, {8: length(coarse) - 1}).layers == ()
