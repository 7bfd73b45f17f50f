from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from pipeline.data.dataset import Description
from pipeline.data.scaling import standardise
from pipeline.data.split import Split, load_split
from pipeline.engine.float_arrays import Array
from pipeline.engine.threads import single_threaded_blas
from pipeline.model.metrics import measure_reliability
from pipeline.model.model import Classifier, load_model
from pipeline.model.prediction import predict
from pipeline.network.losses import LOSSES, probabilities
from pipeline.reader import load, save
from pipeline.training import hold_out, train
from pipeline.training.classification import add_drawn, count_drawn, fit_temperature
from pipeline.training.epochs import Trained, TrainingProgress
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import RECIPES

QUICK = RECIPES["quick"]
CROSS_ENTROPY = LOSSES["cross-entropy"]
ENSEMBLE = Recipe(layers="16", batch_size=200, epochs=3, ensemble_size=3, ema_decay=0.9)


class PowerCutError(Exception):
    pass


@pytest.fixture(scope="module")
def arrays(built: Path) -> tuple[np.ndarray, np.ndarray]:
    return np.load(built / "parse/train-images.npy"), np.load(built / "parse/train-labels.npy")


@pytest.fixture(scope="module")
def data(built: Path) -> Split:
    return load_split(built / "normalize")


@pytest.fixture(scope="module")
def expected(data: Split) -> Trained[Classifier]:
    """The ensemble, trained without an interruption."""
    return train(data, ENSEMBLE)


def bits(trained: Trained[Classifier]) -> list[bytes]:
    return [flat.tobytes() for flat in trained.model.parameters]


def assert_equal(one: Trained[Classifier], other: Trained[Classifier]) -> None:
    assert bits(one) == bits(other)
    first, second = (
        [[replace(epoch, seconds=0) for epoch in history] for history in each.histories] for each in (one, other)
    )
    assert first == second


def test_arrays_in_model_out(arrays: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    held_out = hold_out(*arrays)
    trained = train(held_out, replace(QUICK, epochs=3))
    model = trained.model
    predicted = predict(model, held_out.validation.pixels).argmax(axis=1)
    assert np.mean(predicted == held_out.validation.labels) == model.validation_accuracy > 0.8
    assert [epoch.number for epoch in trained.histories[0]] == [1, 2, 3]
    save(model, tmp_path / "model.safetensors")
    images, _ = arrays
    with single_threaded_blas():  # as `predict_proba` does
        expected = predict(model, images)
    assert np.array_equal(load(tmp_path / "model.safetensors").predict_proba(images), expected)


def test_model_of_the_stage_has_the_same_bits(arrays: tuple[np.ndarray, np.ndarray], built: Path) -> None:
    expected, model = load_model(built / "train"), train(hold_out(*arrays), QUICK).model
    assert model.parameters[0].tobytes() == expected.parameters[0].tobytes()
    assert (model.temperature, model.ink_statistics) == (expected.temperature, expected.ink_statistics)


def test_networks_of_an_ensemble_differ_only_in_their_seeds(data: Split, expected: Trained[Classifier]) -> None:
    assert len(set(bits(expected))) == 3
    assert bits(train(data, replace(ENSEMBLE, ensemble_size=1, seed=ENSEMBLE.seed + 2))) == bits(expected)[2:]


def test_every_batch_and_epoch_is_reported_with_its_network(data: Split, tmp_path: Path) -> None:
    made: list[TrainingProgress] = []
    trained = train(data, ENSEMBLE, tmp_path, made.append)
    batches = ENSEMBLE.count_batches(len(data.training))
    for number, history in enumerate(trained.histories, start=1):
        epochs = [each.epoch for each in made if each.network == number and each.epoch]
        assert epochs[1:] == history
        assert sum(each.batches for each in made if each.network == number) == ENSEMBLE.epochs * batches


def test_interrupted_ensemble_resumes_to_same_bits(data: Split, expected: Trained[Classifier], tmp_path: Path) -> None:
    def interrupt(made: TrainingProgress) -> None:
        if made.network == 2 and made.epoch and made.epoch.number == 2:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        train(data, ENSEMBLE, tmp_path, interrupt)
    made: list[TrainingProgress] = []
    assert_equal(train(data, ENSEMBLE, tmp_path, made.append), expected)
    assert {each.network: each.epoch.number for each in made if each.resumed and each.epoch} == {1: 3, 2: 2}


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


def take(examples: Any, indices: Any) -> Any:
    out = np.empty((len(indices), *examples.images.shape[1:]), np.float32)
    examples.take(np.array(indices), out, np.random.default_rng(0))
    return out


def test_drawn_examples_follow_the_training_examples(data: Split) -> None:
    recipe = Recipe(negatives=0.1, styles=0.05)
    training, count, (styles, negatives) = add_drawn(data, recipe), len(data.training), count_drawn(data, recipe)
    assert len(training) == count + styles + negatives
    assert (styles, negatives) == (round(0.05 * count), round(0.1 * count))
    assert np.array_equal(training.labels[:count], data.training.labels)
    assert set(training.labels[count : count + styles].tolist()) == set(range(10))
    assert training.labels[count + styles :].tolist() == negatives * [10]
    assert training.drawn is not None and training.drawn.dtype == np.uint8
    expected = [data.training.images[3], *standardise(training.drawn[[0, -1]], training.scaling)]
    assert np.array_equal(take(training, [3, count, len(training) - 1]), expected)
    assert add_drawn(data, Recipe()).drawn is None


def test_only_digits_are_drawn_in_other_styles(data: Split) -> None:
    letters = replace(data, description=Description("letters", tuple("abcdefghij")))
    assert count_drawn(letters, Recipe(styles=0.5)) == (0, 0)
