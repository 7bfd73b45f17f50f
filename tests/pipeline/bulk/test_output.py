from pathlib import Path

import pytest

from pipeline.bulk.output import LINES, Written, append_block, resume_output, start_output

KEY = ["model", [["a.png", [1, 2, 3]]]]


@pytest.fixture
def half(tmp_path: Path) -> Written:
    """Return what is written in tmp_path after two blocks."""
    written = start_output(tmp_path, KEY, ["head"])
    written = append_block(written, ["a", "é"], ["c.png is damaged"], [b"copy of a", b"copy of b", None])
    return append_block(written, ["d"], [], [b"copy of d"])


def test_later_run_continues_after_the_last_block(half: Written, tmp_path: Path) -> None:
    assert resume_output(tmp_path, KEY) == half == Written(tmp_path, 4, 12, ("c.png is damaged",))
    append_block(half, ["e"], [], [None])
    assert (tmp_path / LINES).read_text() == "head\na\né\nd\ne\n"
    assert [half.copy_of(index).exists() for index in range(5)] == [True, True, False, True, False]
    assert half.copy_of(3).read_bytes() == b"copy of d"


def test_lines_and_copies_of_another_run_are_discarded(half: Written, tmp_path: Path) -> None:
    assert resume_output(tmp_path, ["other"]) is None
    fresh = start_output(tmp_path, ["other"], [])
    assert (tmp_path / LINES).read_bytes() == b""
    assert not half.copy_of(0).exists()
    assert resume_output(tmp_path, ["other"]) == fresh == Written(tmp_path)
    assert resume_output(tmp_path, KEY) is None


def test_lines_and_copies_of_an_unfinished_block_are_replaced(half: Written, tmp_path: Path) -> None:
    with open(tmp_path / LINES, "a") as file:
        file.write("unfinished")
    half.copy_of(4).write_bytes(b"unfinished")
    after = append_block(half, ["e"], [], [b"copy of e"])
    assert resume_output(tmp_path, KEY) == after
    assert (tmp_path / LINES).read_text() == "head\na\né\nd\ne\n"
    assert after.copy_of(4).read_bytes() == b"copy of e"


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_lines_that_are_not_complete_are_not_used(damage: str, half: Written, tmp_path: Path) -> None:
    if damage == "lost":
        (tmp_path / LINES).unlink()
    else:
        (tmp_path / LINES).write_bytes(b"head\na\n")
    assert resume_output(tmp_path, KEY) is None
