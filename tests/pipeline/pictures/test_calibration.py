import pytest

from pipeline.pictures.calibration import edit_distance


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
