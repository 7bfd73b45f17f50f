"""The benchmarks of reading pictures compare readers fairly; the peers themselves are not needed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.benchmarks.comparison import Picture, Reading, apply_thresholds, compare_kinds, compare_readers, read_with
from tests.benchmarks.folder import TRUTH, list_pictures
from tests.benchmarks.peers import in_reading_order, keep_digits, load_rgb

READER = "from tests.benchmarks.lines import answer; answer('fake', lambda path: ({}, 0.9))"


def read_texts(pictures: list[Picture], text: str = "path.read_text()") -> dict[str, list[Reading]]:
    return read_with([sys.executable, "-c", READER.format(text)], pictures).kinds


def write_pictures(folder: Path, *lines: str) -> list[Picture]:
    """Write files that contain a text as "pictures", as KIND/NAME,TRUTH says, and list them."""
    for line in lines:
        path, _, text = line.partition(",")
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    (folder / TRUTH).write_text("\n".join(("path,text", *lines)))
    return list_pictures(folder)


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_every_picture_gets_its_own_text_in_the_order_of_the_kinds(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path, "b/1,12", "a/1,34", "b/2,56", "b/3,")
    kinds = read_texts(pictures)
    assert {kind: [reading.text for reading in each] for kind, each in kinds.items()} == {
        "b": ["12", "56", ""],
        "a": ["34"],
    }
    assert list(kinds) == ["b", "a"]
    assert all(reading.correct for each in kinds.values() for reading in each)


def test_a_reader_that_fails_is_reported(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path, "a/1,1")
    with pytest.raises(subprocess.CalledProcessError):
        read_texts(pictures, "1 / 0")


def test_readers_are_compared_on_the_pictures_that_all_of_them_read(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path, "a/1,1", "a/2,2", "b/1,1")
    ours = read_with([sys.executable, "-c", READER.format("'1'")], pictures)
    peer = read_with([sys.executable, "-c", READER.format("'1'")], [pictures[0], pictures[2]])
    assert [row[1] for row in cells(compare_kinds(ours, [peer]))[2:]] == ["50.0%", "100.0%", "75.0%"]
    assert [row[1] for row in cells(compare_readers(ours, [peer]))[2:]] == ["100.0%", "100.0%"]


def test_a_threshold_leaves_unsure_pictures_to_a_person() -> None:
    picture = Picture(Path("1.png"), "1", "a")
    readings = [Reading(picture, *read, 1.0) for read in (("1", 0.99), ("7", 0.9), ("7", 0.6), ("", 0.0))]
    assert cells(apply_thresholds(readings))[2:] == [
        ["50%", "25.0%", "66.67%"],
        ["80%", "50.0%", "50.00%"],
        ["90%", "50.0%", "50.00%"],
        ["95%", "75.0%", "0.00%"],
        ["99%", "75.0%", "0.00%"],
    ]


@pytest.mark.parametrize("truth", ["", "path,text", "file,text\na/1,1", "path,text\na/1", "path,text\na/missing,1"])
def test_a_wrong_truth_is_refused(tmp_path: Path, truth: str) -> None:
    write_pictures(tmp_path, "a/1,1")
    (tmp_path / TRUTH).write_text(truth)
    with pytest.raises(ValueError, match=TRUTH):
        list_pictures(tmp_path)


def test_lines_of_a_peer_are_joined_row_by_row() -> None:
    """The right text of the upper row is a little higher than the left one."""
    lefts, tops = (100, 0, 0, 100), (8, 10, 60, 62)
    boxes = [np.array([[x, y], [x + 50, y], [x + 50, y + 40], [x, y + 40]]) for x, y in zip(lefts, tops, strict=True)]
    assert keep_digits(in_reading_order(boxes, ["2b", "1 ", "-3", "٣4"])) == "1234"


def test_peers_see_twelve_bits_and_transparent_paper(tmp_path: Path) -> None:
    levels = np.full((4, 4), 4000, np.uint16)
    levels[1, 1] = 400
    drawn = np.zeros((4, 4, 4), np.uint8)
    drawn[1, 1, 3] = 255
    for name, picture in (("bits", Image.fromarray(levels)), ("transparent", Image.fromarray(drawn))):
        picture.save(tmp_path / f"{name}.png")
        seen = np.asarray(load_rgb(tmp_path / f"{name}.png"))
        assert (seen[0, 0] == 255).all()
        assert (seen[1, 1] == 0).all()
