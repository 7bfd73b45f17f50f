import numpy as np
import pytest
from scipy.special import expit, log_expit, log_softmax, softmax

from pipeline.engine.float_arrays import Array
from pipeline.network import losses
from pipeline.network.activations import relu, sigmoid
from pipeline.network.losses import LOSSES, count_correct

EXTREME = np.array([[-1e4], [-100.0], [-1.0], [0.0], [1.0], [100.0], [1e4]])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])  # the fraction that is spread over all classes
def test_losses_equal_scipy(smoothing: float) -> None:
    logits, labels = np.random.default_rng(0).normal(0, 3, (6, 20)), np.arange(20) % 6
    targets = (1 - smoothing) * np.eye(6)[:, labels] + smoothing / 6
    entropy = -np.sum(targets * log_softmax(logits, axis=0), axis=0)
    assert losses.cross_entropy(logits, labels, label_smoothing=smoothing)[0] == pytest.approx(entropy.mean())
    squares = np.sum((expit(logits) - targets) ** 2, axis=0)
    assert losses.mean_squared_error(logits, labels, label_smoothing=smoothing)[0] == pytest.approx(squares.mean() / 2)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_parts_add_up_to_the_batch(name: str) -> None:
    logits, labels = np.random.default_rng(0).normal(0, 3, (6, 20)), np.arange(20) % 6
    loss, gradient = LOSSES[name].function(logits, labels, 20, 0.1)
    parts = [LOSSES[name].function(logits[:, part], labels[part], 20, 0.1) for part in (slice(7), slice(7, 20))]
    assert sum(part[0] for part in parts) == pytest.approx(loss)
    np.testing.assert_allclose(np.concatenate([part[1] for part in parts], axis=1), gradient)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_keep_dtype_and_are_finite_for_extreme_logits(name: str, dtype: type) -> None:
    logits: Array = np.repeat(EXTREME.astype(dtype), 7, axis=1)
    loss, gradient = LOSSES[name].function(logits, np.arange(7))
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    assert gradient.dtype == dtype


def test_functions_equal_scipy_at_extreme_values() -> None:
    np.testing.assert_allclose(sigmoid(EXTREME), expit(EXTREME), atol=1e-15)
    np.testing.assert_allclose(losses.log_sigmoid(EXTREME), log_expit(EXTREME), rtol=1e-12)
    np.testing.assert_allclose(losses.log_softmax(EXTREME), log_softmax(EXTREME, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(relu(EXTREME), np.where(EXTREME > 0, EXTREME, 0))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_probabilities_are_softmax_or_normalised_sigmoids(temperature: float) -> None:
    logits = np.random.default_rng(2).normal(0, 5, (10, 50))
    expected = softmax(logits / temperature, axis=0)
    np.testing.assert_allclose(losses.probabilities(logits, LOSSES["cross-entropy"], temperature), expected)
    outputs = expit(logits) ** (1 / temperature)
    found = losses.probabilities(logits, LOSSES["mean-squared-error"], temperature)
    np.testing.assert_allclose(found, outputs / outputs.sum(axis=0))


def test_image_is_correct_if_its_label_or_all_labels_of_its_positions_are() -> None:
    logits = np.array([[0.1, 3.0, -1.0], [0.3, 2.0, -2.0]])
    assert count_correct(logits, np.array([1, 0, 1], np.uint8)) == 2
    labels = np.array([[[0, 1, 2]], [[2, -1, 2]]])  # two rows, one column, three pictures
    logits = np.zeros((3, 2, 1, 3))
    logits[0, 0, 0, 0] = logits[2, 1, 0, 0] = 1  # right, right
    logits[1, 0, 0, 1] = logits[0, 1, 0, 1] = 1  # right, ignored
    logits[2, 0, 0, 2] = logits[1, 1, 0, 2] = 1  # right, wrong
    assert count_correct(logits, labels) == 2
