import math
from pathlib import Path

import pytest

from pipeline.engine.errors import PipelineError
from pipeline.training.history import Epoch, best_of, read_history, write_history

INITIAL = Epoch(0, math.nan, math.nan, 0.1, math.nan, 0.0)
ROWS = [Epoch(1, 2.5, 0.25, 0.5, 0.001, 1.25), Epoch(2, 1.5, 0.75, 1.0, 1e-05, 1.125)]


def test_write_read_round_trip(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [ROWS, ROWS[:1]])
    assert read_history(tmp_path / "history.csv") == [ROWS, ROWS[:1]]


def test_epoch_0_has_no_loss(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [[INITIAL, *ROWS]])
    ((initial, *rows),) = read_history(tmp_path / "history.csv")
    assert (initial.number, initial.validation_accuracy) == (0, 0.1)
    assert math.isnan(initial.loss)
    assert rows == ROWS


@pytest.mark.parametrize(
    ("accuracies", "best"), [((0.8, 0.9, 0.9, 0.7), 3), ((0.9952, 0.995, 0.9946, 0.994), 3), ((0.994, 0.9952, 0.99), 2)]
)
def test_best_epoch_is_the_last_within_the_tolerance(accuracies: tuple[float, ...], best: int) -> None:
    history = [Epoch(number, 0.1, 0.9, accuracy, 0.1, 1.0) for number, accuracy in enumerate(accuracies, start=1)]
    assert best_of(history).number == best


@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        (2, "2.5", "x"),
        (2, ",1.250", ""),
        (2, ",1.250", ",1.250,7"),
        (3, "1,2,", "1,"),
    ],
)
def test_error_names_the_damaged_file(line: int, old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    write_history(path, [ROWS])
    lines = path.read_text().splitlines(keepends=True)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_text("".join(lines))
    with pytest.raises(PipelineError, match="history.csv is damaged: run the stage train again"):
        read_history(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"PK\x03\x04\x00\x00"])
def test_other_content_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_bytes(content)
    with pytest.raises(PipelineError, match="is damaged"):
        read_history(tmp_path / "history.csv")


def test_missing_or_empty_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="is missing: run the stage train again"):
        read_history(tmp_path / "history.csv")
    write_history(tmp_path / "history.csv", [])
    with pytest.raises(PipelineError, match="is damaged"):
        read_history(tmp_path / "history.csv")
