import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from pipeline.model.metrics import measure_reliability
from pipeline.network.activations import Array
from pipeline.network.losses import LOSSES, probabilities
from pipeline.training.temperature import fit_temperature

CROSS_ENTROPY = LOSSES["cross-entropy"]


def draw(count: int, sharpness: float, seed: int = 0) -> tuple[Array, NDArray[np.intp]]:
    """Return labels drawn from softmax(true logits), and the true logits (10, count) times `sharpness`."""
    generator = np.random.default_rng(seed)
    true = generator.normal(0, 2, (10, count))
    labels = (true + generator.gumbel(size=true.shape)).argmax(axis=0)  # draws from softmax(true)
    return sharpness * true, labels


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 4.0])
def test_temperature_undoes_a_factor_on_the_logits(sharpness: float) -> None:
    logits, labels = draw(8000, sharpness)
    temperature = fit_temperature(logits, labels, CROSS_ENTROPY)
    assert temperature == pytest.approx(sharpness, rel=0.05)
    calibrated = probabilities(logits, CROSS_ENTROPY, temperature).T.astype(np.float32)
    assert measure_reliability(calibrated, labels.astype(np.uint8)).error < 0.03


@pytest.mark.parametrize("loss", LOSSES)
def test_temperature_equals_minimum_found_by_scipy(loss: str) -> None:
    logits, labels = draw(5000, 2.5)

    def cross_entropy(temperature: float) -> float:
        return -float(np.log(probabilities(logits, LOSSES[loss], temperature)[labels, np.arange(5000)]).mean())

    found = minimize_scalar(cross_entropy, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-6}).x
    assert fit_temperature(logits, labels, LOSSES[loss]) == pytest.approx(found, rel=5e-3)


def test_confidence_is_below_1_without_errors() -> None:
    logits, labels = np.eye(10)[:, np.arange(50) % 10], np.arange(50) % 10
    temperature = fit_temperature(logits, labels, CROSS_ENTROPY)
    assert probabilities(logits, CROSS_ENTROPY, temperature).max() == pytest.approx(1 - 0.9 / 51, abs=1e-4)


@pytest.mark.parametrize("logits", [np.zeros((3, 4)), np.full((3, 4), 1e30), -np.eye(3, 4)])
def test_degenerate_logits_have_a_temperature_in_range(logits: Array) -> None:
    assert 0.05 <= fit_temperature(logits, np.zeros(4, int), CROSS_ENTROPY) <= 20.01
