import numpy as np
import pytest

from pipeline.model.quantization import dequantize, quantize


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("shape", [(3, 5), (4, 2, 3, 3)])
def test_weights_differ_by_at_most_half_a_step_of_their_output(bits: int, shape: tuple[int, ...]) -> None:
    weights = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    weights *= np.geomspace(1e-3, 1e3, len(weights), dtype=np.float32).reshape(-1, *[1] * (len(shape) - 1))
    codes, scales = quantize(weights, bits)
    assert (codes.dtype, codes.shape, scales.shape) == (np.dtype(f"<i{bits // 8}"), shape, shape[:1])
    away = np.abs(dequantize(codes, scales) - weights).reshape(len(weights), -1).max(axis=1)
    assert (away <= 0.501 * scales).all()
    assert np.abs(codes).max() == 2 ** (bits - 1) - 1


def test_quantized_weights_stay_the_same_when_they_are_quantized_again() -> None:
    weights = np.random.default_rng(2).standard_normal((6, 7)).astype(np.float32)
    weights[2] = 0
    codes, scales = quantize(weights, 8)
    again, scales_again = quantize(dequantize(codes, scales), 8)
    assert np.array_equal(codes, again)
    np.testing.assert_allclose(scales, scales_again, rtol=1e-6)
