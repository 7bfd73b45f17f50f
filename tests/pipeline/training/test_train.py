"""Training from Python: arrays in, model out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.errors import UsageError
from pipeline.model.model import load_model
from pipeline.model.prediction import predict
from pipeline.reader import load, save
from pipeline.training import train
from pipeline.training.data import TrainingData, hold_out
from pipeline.training.ensemble import Progress
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import RECIPES

QUICK = replace(RECIPES["quick"], epochs=3)


@pytest.fixture(scope="module")
def data(built: Path) -> TrainingData:
    return hold_out(*(np.load(built / f"parse/train-{name}.npy") for name in ("images", "labels")))


def test_arrays_in_model_out(data: TrainingData, tmp_path: Path) -> None:
    rows: list[int] = []

    def on_progress(progress: Progress) -> None:
        rows.extend([progress.row.number] if progress.row else [])

    model = train(data, QUICK, on_progress=on_progress)
    assert rows == [0, 1, 2, 3]
    predicted = predict(model, data.validation.images).argmax(axis=1)
    assert np.mean(predicted == data.validation.labels) == model.validation_accuracy > 0.8
    assert [row.number for row in model.histories[0]] == [1, 2, 3]
    save(model, tmp_path / "model.safetensors")
    reader = load(tmp_path / "model.safetensors")
    assert np.array_equal(reader.predict_proba(data.validation.images), predict(model, data.validation.images))


def test_model_of_the_stage_has_the_same_bits(data: TrainingData, built: Path) -> None:
    expected = load_model(built / "train")
    model = train(data, RECIPES["quick"])
    assert model.parameters[0].flat.tobytes() == expected.parameters[0].flat.tobytes()
    assert (model.temperature, model.ink_statistics) == (expected.temperature, expected.ink_statistics)


def test_checkpoints_are_resumed_and_no_folder_is_left(data: TrainingData, tmp_path: Path) -> None:
    train(data, replace(QUICK, epochs=1), tmp_path)
    resumed: list[bool] = []
    train(data, replace(QUICK, epochs=1), tmp_path, on_progress=lambda progress: resumed.append(progress.resumed))
    assert any(resumed)


def test_checkpoints_of_another_recipe_are_not_used(data: TrainingData, tmp_path: Path) -> None:
    train(data, replace(QUICK, epochs=1), tmp_path / "new" / "folder")
    for recipe in (replace(QUICK, epochs=1, learning_rate=0.001), replace(QUICK, epochs=1, layers="5"), QUICK):
        resumed, fresh = train(data, recipe, tmp_path / "new" / "folder"), train(data, recipe)
        assert resumed.parameters[0].flat.tobytes() == fresh.parameters[0].flat.tobytes()


def test_layers_that_do_not_fit_are_refused(data: TrainingData) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        train(data, Recipe(layers="conv4x29"))
