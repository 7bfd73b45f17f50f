import numpy as np
import pytest

from pipeline.pictures.confidence import calibrate, edit_distance
from pipeline.reader import PRETRAINED_READER, load


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", 0),
        ("", "12", 2),
        ("12", "", 2),
        ("1234", "1234", 0),
        ("1234", "1334", 1),
        ("1234", "124", 1),
        ("124", "1234", 1),
        ("4321", "1234", 4),
        ("90210", "9021", 1),
        ("0123", "1230", 2),
    ],
)
def test_edit_distance_counts_changed_missing_and_superfluous_labels(one: str, other: str, expected: int) -> None:
    assert edit_distance([*map(int, one)], [*map(int, other)]) == expected


def test_reader_that_finds_no_digit_keeps_its_temperature() -> None:
    model = load(PRETRAINED_READER).finder
    assert model
    calibrated, quality = calibrate(model, np.full((3, 60, 80), 200, np.uint8), [(1, 2), (3,), ()])
    assert calibrated.temperature == model.temperature
    assert (quality.pictures, quality.digit_accuracy, quality.expected_calibration_error) == (3, 0, 0)
    assert quality.accuracy == pytest.approx(1 / 3)
