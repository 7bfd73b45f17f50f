from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.model.model import Model
from pipeline.network.architecture import find_window
from pipeline.pictures.confidence import Quality, calibrate, is_correct
from pipeline.pictures.sightings import Sighting
from tests.pipeline.models import make_model


def find(monkeypatch: pytest.MonkeyPatch, chances: list[list[float]]) -> Model:
    """A model that reads the digits 0, 1, 2 ... with these probabilities in pictures whose level is their index."""

    def see(model: Model, grey: NDArray[np.uint8]) -> list[Sighting]:
        return [show(i, chance) for i, chance in enumerate(chances[int(grey[0, 0])])]

    monkeypatch.setattr("pipeline.pictures.confidence.see", see)
    names = tuple("0123456789")
    row = make_model("conv3x3/2p1", shape=(40, 64), class_names=names, by_column=True)
    layers = "conv4,conv6,conv5x3/1"
    parts: dict[str, Any] = {"negative_class": True, "sliding": True, "class_names": names}
    return make_model(layers, shape=find_window(layers), row=row, **parts)


def show(label: int, chance: float) -> Sighting:
    """A number of one digit, with this probability; otherwise there is nothing."""
    p = np.full((13, 1), 1e-9)
    p[[label, -1], 0] = chance, 1 - chance
    at = np.array([label * 20.0])
    return Sighting((label,), np.zeros(1), at, 20, p[:10].T, True, np.log(p).astype(np.float32), chance)


def save_sheets(folder: Path, *texts: list[int]) -> None:
    """Save sheets whose levels are their indices, with these labels."""
    levels = np.arange(len(texts), dtype=np.uint8)[:, np.newaxis, np.newaxis] + np.zeros((1, 2, 2), np.uint8)
    digits = np.full((len(texts), 3, 5), -1, np.float32)
    for each, text in zip(digits, texts, strict=True):
        each[: len(text), 0] = text
        each[: len(text), 1:3] = np.transpose([[0] * len(text), 20 * np.arange(len(text))])
    np.save(folder / "sheets-pictures.npy", levels)
    np.save(folder / "sheets-digits.npy", digits)


@pytest.mark.parametrize(("claimed", "colder"), [(0.99, False), (0.6, True)])
def test_temperature_makes_the_confidence_the_share_of_correct_texts(
    claimed: float, colder: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight of ten readings are correct, whatever their confidence was before."""
    model = find(monkeypatch, [[claimed]] * 10)
    save_sheets(tmp_path, *[[0]] * 8, [1], [0, 1])
    calibrated, quality = calibrate(model, tmp_path)
    assert calibrated.row
    assert (calibrated.row.temperature < 1) == colder
    assert (quality.pictures, quality.precision) == (10, 0.8)
    assert quality.digit_accuracy == calibrated.validation_accuracy == pytest.approx(8 / 11)
    assert quality.expected_calibration_error < 0.02


def test_reader_that_finds_no_digit_keeps_its_temperature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = find(monkeypatch, [[]] * 3)
    save_sheets(tmp_path, [1, 2], [3], [])
    calibrated, quality = calibrate(model, tmp_path)
    assert calibrated.row == model.row
    assert quality == Quality(3, 0, 0, 0)


def test_number_is_correct_if_it_has_all_digits_that_are_there() -> None:
    digits = np.full((6, 5), -1, np.float32)
    digits[:5, :3] = [[7, 52, 120], [3, 50, 100], [1, 48, 140], [5, 90, 120], [2, 50, 200]]
    for labels, x, expected in (
        ((3, 7, 1), [101, 121, 138], True),
        ((3, 7), [100, 120], False),
        ((3, 1), [100, 140], False),
        ((3, 7, 2), [100, 120, 140], False),
        ((2,), [198], True),
        ((5,), [120], False),
    ):
        seen = replace(show(1, 0.9), labels=labels, x=np.array(x), y=np.full(len(x), 50.0))
        assert is_correct(seen, digits) is expected
