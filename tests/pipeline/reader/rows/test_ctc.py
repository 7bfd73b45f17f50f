"""CTC against the enumeration of all paths, numerical gradients and PyTorch."""

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from pipeline.engine.float_arrays import Array
from pipeline.reader.rows.ctc import PADDING, align, columns_needed, ctc, read_greedily, text_log_probability
from tests.pipeline.reader.rows.paths import collapse, enumerate_paths, make_logits, make_texts, pad

SYMBOLS, BLANK, COLUMNS = 2, 2, 5


@pytest.fixture(scope="module")
def line_image() -> Array:
    return make_logits(SYMBOLS + 1, COLUMNS)


@pytest.fixture(scope="module")
def paths(line_image: Array) -> dict[tuple[int, ...], dict[tuple[int, ...], float]]:
    return enumerate_paths(line_image)


def test_probability_of_every_text_is_the_sum_over_its_paths(line_image: Array, paths: Any) -> None:
    texts = list(paths)  # among them the empty one, repeated symbols, and those that just fit
    assert {(), (0,) * 3, (0, 1, 0, 1, 0)} <= set(texts)
    expected = [sum(paths[text].values()) for text in texts]
    many = np.repeat(line_image[..., np.newaxis], len(texts), axis=2)
    np.testing.assert_allclose(np.exp(text_log_probability(many, pad(*texts))), expected, rtol=1e-12)
    assert ctc(many, pad(*texts), 1)[0] == pytest.approx(-np.log(expected).sum())
    np.testing.assert_array_equal(text_log_probability(line_image[..., np.newaxis], pad((0, 0, 0, 0))), [-np.inf])


def test_gradient_equals_central_differences() -> None:
    logits, texts, h = make_logits(4, 9, 3), make_texts(4, 3, 3), 1e-6
    _, gradient = ctc(logits, texts)
    for index in np.ndindex(*logits.shape):
        step = np.zeros_like(logits)
        step[index] = h
        slope = (ctc(logits + step, texts)[0] - ctc(logits - step, texts)[0]) / (2 * h)
        assert gradient[index] == pytest.approx(slope, abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 3e-5)])
@pytest.mark.parametrize("scale", [0.1, 3.0, 30.0])  # of an untrained to that of a far too certain network
def test_loss_and_gradient_equal_those_of_pytorch_in_float64(dtype: type, tolerance: float, scale: float) -> None:
    torch = pytest.importorskip("torch")
    texts = make_texts(20, 10, 12)
    logits: Array = make_logits(13, 128, 10, scale=scale).astype(dtype)
    z = torch.tensor(logits.astype(float), requires_grad=True)
    lengths, columns = torch.tensor((texts != PADDING).sum(axis=0)), torch.full((10,), 128)
    log_p, targets = z.log_softmax(0).permute(1, 2, 0), torch.tensor(texts.T.clip(0))
    expected = torch.nn.functional.ctc_loss(log_p, targets, columns, lengths, blank=12, reduction="sum") / 10
    expected.backward()
    loss, gradient = ctc(logits, texts)
    assert loss == pytest.approx(expected.item(), rel=tolerance)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, z.grad.numpy(), atol=tolerance)


def test_long_lines_and_extreme_logits_neither_underflow_nor_overflow() -> None:
    texts = make_texts(150, 2, 12)
    for scale in (0.0, 1e4):
        logits = make_logits(13, 1000, 2, scale=scale).astype(np.float32)
        loss, gradient = ctc(logits, texts)
        assert np.isfinite(loss)
        assert np.isfinite(gradient).all()
        np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-5)
        assert loss == pytest.approx(ctc(logits.astype(float), texts)[0], rel=1e-5)


def test_padding_does_not_matter_and_parts_of_a_batch_add_up() -> None:
    logits, texts = make_logits(6, 30, 7), make_texts(8, 7, 5)
    loss, gradient = ctc(logits, texts)
    padded = np.concatenate([texts, np.full((5, 7), PADDING)])
    assert ctc(logits, padded)[0] == pytest.approx(loss)
    np.testing.assert_allclose(ctc(logits, padded)[1], gradient, atol=1e-14)
    parts = [ctc(logits[..., part], texts[:, part], 7) for part in (slice(3), slice(3, 7))]
    assert sum(part[0] for part in parts) == pytest.approx(loss)
    np.testing.assert_allclose(np.concatenate([part[1] for part in parts], axis=2), gradient, atol=1e-14)


def test_batch_without_any_symbol_has_the_loss_of_blanks() -> None:
    logits = make_logits(4, 6, 2)
    expected = log_softmax(logits, axis=0)[-1].sum(axis=0)
    np.testing.assert_allclose(text_log_probability(logits, np.empty((0, 2), int)), expected)


def test_text_that_does_not_fit_is_refused() -> None:
    texts = pad((1, 1, 0), (0, 1, 0), (0, 0, 0), ())
    np.testing.assert_array_equal(columns_needed(texts), [4, 3, 5, 0])
    with pytest.raises(ValueError, match="text 2 needs 5 columns"):
        ctc(make_logits(3, 4, 4), texts)
    assert np.isfinite(ctc(make_logits(3, 5, 4), texts)[0])


def test_alignment_is_the_most_probable_path_of_the_text(line_image: Array, paths: Any) -> None:
    texts = list(paths)
    first, last = align(np.repeat(line_image[..., np.newaxis], len(texts), axis=2), pad(*texts))
    for i, (text, found) in enumerate(paths.items()):
        path = np.full(COLUMNS, BLANK)
        for symbol, start, stop in zip(text, first[:, i], last[:, i], strict=False):
            path[start : stop + 1] = symbol
        assert found[tuple(path.tolist())] == max(found.values())
        assert (first[len(text) :, i] == PADDING).all()
        assert (last[len(text) :, i] == PADDING).all()


def test_greedy_reading_is_the_text_of_the_most_probable_path() -> None:
    logits = make_logits(SYMBOLS + 1, COLUMNS, 40)
    for i, found in enumerate(read_greedily(logits)):
        path = logits[..., i].argmax(axis=0)
        assert found.text == collapse(tuple(path.tolist()), BLANK)
        assert path[list(found.columns)].tolist() == list(found.text)
        assert list(found.columns) == sorted(set(found.columns))


def test_greedy_reading_finds_the_peak_of_each_symbol() -> None:
    p = np.full((3, 8), 0.01)
    p[[0, 0, 0, 2, 0, 1, 1, 2], range(8)] = [0.6, 0.9, 0.7, 0.9, 0.8, 0.6, 0.7, 0.5]
    (found,) = read_greedily(np.log(p)[..., np.newaxis])
    assert (found.text, found.columns) == ((0, 0, 1), (1, 4, 6))
    assert read_greedily(np.log(p[:, 3:4, np.newaxis]))[0].text == ()
