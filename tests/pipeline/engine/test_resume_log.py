from pathlib import Path

import pytest

from pipeline.engine.resume_log import RESUME_LOG, append_entry, new_log, read_log

KEY = ["model", [["a.png", [1, 2, 3]]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a log of two entries."""
    with new_log(tmp_path, KEY):
        pass
    append_entry(tmp_path, [0, 5])
    append_entry(tmp_path, [5, "é"])
    return tmp_path


def test_entries_of_a_run_with_an_equal_key_are_read(folder: Path) -> None:
    assert read_log(folder, KEY) == [[0, 5], [5, "é"]]
    for other in (["other model", *KEY[1:]], ["model", [["a.png", [1, 2, 4]]]]):
        assert read_log(folder, other) is None


@pytest.mark.parametrize("length", range(1, 10))
def test_entry_that_was_cut_off_does_not_count_and_others_can_follow(length: int, folder: Path) -> None:
    with open(folder / RESUME_LOG, "a") as file:
        file.write('[9, "é"]'[:length])
    assert read_log(folder, KEY) == [[0, 5], [5, "é"]]
    append_entry(folder, [7])
    assert read_log(folder, KEY) == [[0, 5], [5, "é"], [7]]


def test_there_is_no_resume_log_while_the_data_are_prepared(folder: Path) -> None:
    with new_log(folder, KEY):
        assert not (folder / RESUME_LOG).exists()
    assert read_log(folder, KEY) == []
