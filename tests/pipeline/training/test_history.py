from pathlib import Path

import pytest

from pipeline.training.history import Epoch, best_of, read_history, write_history

ROWS = [Epoch(1, 2.5, 0.25, 0.5, 0.001, 1.25), Epoch(2, 1.5, 0.75, 1.0, 1e-05, 1.125)]


def test_write_read_round_trip(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [ROWS, ROWS[:1]])
    assert read_history(tmp_path / "history.csv") == [ROWS, ROWS[:1]]


@pytest.mark.parametrize(
    ("accuracies", "best"), [((0.8, 0.9, 0.9, 0.7), 3), ((0.9952, 0.995, 0.9946, 0.994), 3), ((0.994, 0.9952, 0.99), 2)]
)
def test_best_epoch_is_the_last_within_the_tolerance(accuracies: tuple[float, ...], best: int) -> None:
    history = [Epoch(number, 0.1, 0.9, accuracy, 0.1, 1.0) for number, accuracy in enumerate(accuracies, start=1)]
    assert best_of(history).number == best
