from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.threads import single_threaded_blas
from pipeline.model.model import Classifier, load_model
from pipeline.model.prediction import predict, predict_standardised
from pipeline.reader import load, save
from pipeline.training import hold_out, train
from pipeline.training.epochs import Trained, TrainingProgress
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import RECIPES
from pipeline.training.training_data import TrainingData, load_data

QUICK = RECIPES["quick"]
ENSEMBLE = Recipe(layers="16", batch_size=200, epochs=3, ensemble_size=3, ema_decay=0.9)


class PowerCutError(Exception):
    pass


@pytest.fixture(scope="module")
def arrays(built: Path) -> tuple[np.ndarray, np.ndarray]:
    return np.load(built / "parse/train-images.npy"), np.load(built / "parse/train-labels.npy")


@pytest.fixture(scope="module")
def data(built: Path) -> TrainingData:
    return load_data(built / "parse", built / "normalize")


@pytest.fixture(scope="module")
def expected(data: TrainingData) -> Trained[Classifier]:
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
    predicted = predict_standardised(model, held_out.validation.images).argmax(axis=1)
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


def test_networks_of_an_ensemble_differ_only_in_their_seeds(data: TrainingData, expected: Trained[Classifier]) -> None:
    assert len(set(bits(expected))) == 3
    assert bits(train(data, replace(ENSEMBLE, ensemble_size=1, seed=ENSEMBLE.seed + 2))) == bits(expected)[2:]


def test_every_batch_and_epoch_is_reported_with_its_network(data: TrainingData, tmp_path: Path) -> None:
    made: list[TrainingProgress] = []
    trained = train(data, ENSEMBLE, tmp_path, made.append)
    batches = ENSEMBLE.count_batches(len(data.training))
    for number, history in enumerate(trained.histories, start=1):
        epochs = [each.epoch for each in made if each.network == number and each.epoch]
        assert epochs[1:] == history
        assert sum(each.batches for each in made if each.network == number) == ENSEMBLE.epochs * batches


def test_interrupted_ensemble_resumes_to_same_bits(
    data: TrainingData, expected: Trained[Classifier], tmp_path: Path
) -> None:
    def interrupt(made: TrainingProgress) -> None:
        if made.network == 2 and made.epoch and made.epoch.number == 2:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        train(data, ENSEMBLE, tmp_path, interrupt)
    made: list[TrainingProgress] = []
    assert_equal(train(data, ENSEMBLE, tmp_path, made.append), expected)
    assert {each.network: each.epoch.number for each in made if each.resumed and each.epoch} == {1: 3, 2: 2}
