from pathlib import Path

import pytest

from pipeline.bulk.progress import COPIES, LINES, Progress, append_lines, load_copies, load_progress, start_progress
from pipeline.evaluation.predictions import JOURNAL

KEY = ["model", [["a.png", [1, 2, 3]]]]


@pytest.fixture
def half(tmp_path: Path) -> Progress:
    """Return the progress in tmp_path after two blocks."""
    progress = start_progress(tmp_path, KEY, ["head"], ["a.png"])
    progress = append_lines(tmp_path, progress, 3, ["a", "é"], ["c.png is damaged"])
    return append_lines(tmp_path, progress, 1, ["d"], [])


def test_later_run_continues_after_the_last_block(half: Progress, tmp_path: Path) -> None:
    assert load_progress(tmp_path, KEY) == half == Progress(4, 12, ("c.png is damaged",))
    append_lines(tmp_path, half, 1, ["e"], [])
    assert (tmp_path / LINES).read_text() == "head\na\né\nd\ne\n"


@pytest.mark.parametrize("other", [["other model", *KEY[1:]], ["model", [["a.png", [1, 2, 4]]]]])
def test_progress_with_another_key_is_not_used(other: list[object], half: Progress, tmp_path: Path) -> None:
    assert load_progress(tmp_path, other) is None
    start_progress(tmp_path, other, [], [])
    assert (tmp_path / LINES).read_bytes() == b""
    assert load_progress(tmp_path, other) == Progress()
    assert load_progress(tmp_path, KEY) is None


def test_copies_of_all_runs_are_remembered(half: Progress, tmp_path: Path) -> None:
    start_progress(tmp_path, ["other"], [], ["a.png", "b.png"])
    assert load_copies(tmp_path) == ["a.png", "b.png"]
    (tmp_path / COPIES).unlink()
    assert load_copies(tmp_path) == []


@pytest.mark.parametrize("length", range(1, 9))
def test_unfinished_block_does_not_count(length: int, half: Progress, tmp_path: Path) -> None:
    """Its entry was cut off, or its lines, whose entry is then missing."""
    with open(tmp_path / LINES, "a") as file:
        file.write("x" * length)
    with open(tmp_path / JOURNAL, "a") as file:
        file.write("[5, 13, []]"[:length])
    progress = load_progress(tmp_path, KEY)
    assert progress == half
    assert append_lines(tmp_path, half, 1, ["e"], []) == load_progress(tmp_path, KEY)
    assert (tmp_path / LINES).read_text() == "head\na\né\nd\ne\n"


@pytest.mark.parametrize(
    "damage", ["lines lost", "lines cut", "no journal", "not a journal", "no entry", "not entries"]
)
def test_damaged_progress_is_not_used(damage: str, half: Progress, tmp_path: Path) -> None:
    match damage:
        case "lines lost":
            (tmp_path / LINES).unlink()
        case "lines cut":
            (tmp_path / LINES).write_bytes(b"head\na\n")
        case "no journal":
            (tmp_path / JOURNAL).unlink()
        case "not a journal":
            (tmp_path / JOURNAL).write_bytes(b"\xff\xfe")
        case "no entry":
            (tmp_path / JOURNAL).write_text((tmp_path / JOURNAL).read_text().split("\n")[0] + "\n")
        case "not entries":
            with open(tmp_path / JOURNAL, "a") as file:
                file.write("5\n")
    assert load_progress(tmp_path, KEY) is None
