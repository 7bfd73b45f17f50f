import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from pipeline.data.scaling import Scaling
from pipeline.evaluation.metrics import measure_reliability
from pipeline.network.activations import Array
from pipeline.network.calibration import calibrate, fit_temperature
from pipeline.network.losses import probabilities
from pipeline.network.mlp import allocate, initialise
from pipeline.network.model import Model
from pipeline.network.prediction import predict, predict_logits


def answers(count: int, sharpness: float, seed: int = 0) -> tuple[Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Logits of a network whose true logits were multiplied by `sharpness`, and labels drawn by the true ones."""
    generator = np.random.default_rng(seed)
    true = generator.normal(0, 2, (count, 10))
    labels = (true + generator.gumbel(size=true.shape)).argmax(axis=1)  # draws from softmax(true)
    return sharpness * true, labels


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 4.0])
def test_the_temperature_undoes_what_made_the_answers_too_sharp_or_too_dull(sharpness: float) -> None:
    logits, labels = answers(20_000, sharpness)
    temperature = fit_temperature(logits, labels, "cross-entropy")
    assert temperature == pytest.approx(sharpness, rel=0.03)
    calibrated = probabilities(logits, "cross-entropy", temperature).astype(np.float32)
    assert measure_reliability(calibrated, labels.astype(np.uint8)).error < 0.02


def test_it_is_the_one_that_another_library_finds() -> None:
    logits, labels = answers(5000, 2.5)

    def cost(temperature: float) -> float:
        return -float(log_softmax(logits / temperature, axis=1)[np.arange(5000), labels].mean())

    found = minimize_scalar(cost, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-6}).x
    assert fit_temperature(logits, labels, "cross-entropy") == pytest.approx(found, rel=2e-3)


def test_a_network_without_an_error_is_not_told_to_be_certain() -> None:
    logits, labels = np.eye(10)[np.arange(50) % 10], np.arange(50) % 10
    temperature = fit_temperature(logits, labels, "cross-entropy")
    assert probabilities(logits, "cross-entropy", temperature).max() == pytest.approx(1 - 0.9 / 51, abs=1e-4)


@pytest.mark.parametrize("logits", [np.zeros((4, 3)), np.full((4, 3), 1e30), -np.eye(4, 3)])
def test_hopeless_answers_get_a_temperature_too(logits: Array) -> None:
    assert 0.05 <= fit_temperature(logits, np.zeros(4, int), "cross-entropy") <= 20.01


def test_the_quadratic_cost_has_scores_of_its_own() -> None:
    logits, labels = answers(5000, 1.0)
    temperature = fit_temperature(logits, labels, "quadratic")
    costs = {
        t: -np.log(probabilities(logits, "quadratic", t)[np.arange(5000), labels]).mean()
        for t in (temperature, temperature * 1.05, temperature / 1.05)
    }
    assert min(costs, key=lambda t: costs[t]) == temperature


def test_a_model_is_calibrated_by_what_it_says_and_says_the_same_classes_after() -> None:
    layers = allocate((20, 9, 3)).layers
    initialise(layers, "he", 1.0, np.random.default_rng(0))
    model = Model((layers,), "relu", "cross-entropy", Scaling(0.25, 0.5), (4, 5), ("a", "b", "c"), "letters", 1.5)
    images = np.random.default_rng(1).normal(size=(300, 4, 5)).astype(np.float32)
    logits = predict_logits(model, images)
    labels = np.random.default_rng(2).integers(0, 3, 300)
    calibrated = calibrate(model, images, labels)
    assert calibrated.temperature == fit_temperature(logits, labels, "cross-entropy")
    assert calibrated.temperature > 2 * model.temperature  # of labels that have nothing to do with the images
    assert np.array_equal(predict(calibrated, images).argmax(axis=1), predict(model, images).argmax(axis=1))
