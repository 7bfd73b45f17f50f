from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.model.model import Model
from pipeline.network.architecture import find_window
from pipeline.pictures.confidence import Quality, calibrate, edit_distance
from pipeline.pictures.detections import Detections
from tests.pipeline.models import make_model


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("", "", 0), ("", "12", 2), ("12", "", 2), ("1234", "1334", 1), ("1234", "124", 1), ("4321", "1234", 4)],
)
def test_edit_distance_counts_changed_missing_and_superfluous_labels(one: str, other: str, expected: int) -> None:
    assert edit_distance([*map(int, one)], [*map(int, other)]) == expected


def find(monkeypatch: pytest.MonkeyPatch, chances: list[list[float]]) -> Model:
    """A model that finds the digits 0, 1, 2 ... with these probabilities in pictures whose level is their index."""

    def detect(model: Model, grey: NDArray[np.float32]) -> Detections:
        sure = np.array(chances[int(grey[0, 0])], np.float32)
        k = len(sure)
        probabilities = np.full((k, 11), 1e-6, np.float32)
        probabilities[np.arange(k), np.arange(k)], probabilities[:, -1] = sure, 1 - sure
        return Detections(
            np.zeros(k, np.float32), np.arange(k) * np.float32(20), np.full(k, 20, np.float32), probabilities
        )

    monkeypatch.setattr("pipeline.pictures.confidence.detect", detect)
    return make_model(
        "conv4,conv6,conv5x3/1",
        shape=find_window("conv4,conv6,conv5x3/1"),
        negative_class=True,
        sliding=True,
        class_names=tuple("0123456789"),
    )


def save_sheets(folder: Path, *texts: list[int]) -> None:
    """Save sheets whose levels are their indices, with these labels."""
    levels = np.arange(len(texts), dtype=np.uint8)[:, np.newaxis, np.newaxis] + np.zeros((1, 2, 2), np.uint8)
    digits = np.full((len(texts), 3, 5), -1, np.float32)
    for each, text in zip(digits, texts, strict=True):
        each[: len(text), 0] = text
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
    assert (calibrated.temperature < 1) == colder
    assert (quality.pictures, quality.accuracy) == (10, 0.8)
    assert quality.digit_accuracy == calibrated.validation_accuracy == pytest.approx(1 - 2 / 11)
    assert quality.expected_calibration_error < 0.02


def test_reader_that_finds_no_digit_keeps_its_temperature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = find(monkeypatch, [[]] * 3)
    save_sheets(tmp_path, [1, 2], [3], [])
    calibrated, quality = calibrate(model, tmp_path)
    assert calibrated.temperature == model.temperature
    assert quality == Quality(3, 1 / 3, 0, 0)
