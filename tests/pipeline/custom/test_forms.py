"""The forms of own data: folders and CSV files, what is wrong with them, and when they have changed."""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from pipeline.custom.forms import find_form
from pipeline.data.dataset import FILES, DatasetError
from pipeline.engine.cache import match
from pipeline.engine.errors import UsageError
from tests.pipeline.custom.common import CLASSES, convert, draw, load, save, write_folder

HEADERS = (True, False)


def write_paths(folder: Path, header: bool, name: str = "data.csv") -> Path:
    """Write a CSV file with the paths of pictures of a folder, sorted by class."""
    lines = [f"{path.parent.name},{path.relative_to(folder)}" for path in sorted(folder.rglob("*.png"))]
    (folder / name).write_text("\n".join(["Label,Path"] * header + lines) + "\n", encoding="utf-8")
    return folder / name


def write_pixels(path: Path, header: bool, count: int = 14, shape: tuple[int, int] = (40, 32)) -> Path:
    """Write the pixels of the pictures of `write_folder`."""
    lines = ["label," + ",".join(f"pixel{index}" for index in range(np.prod(shape)))] * header
    for label in sorted(CLASSES):
        for seed in sorted(range(count), key=str):
            lines.append(",".join([label, *map(str, (240 - draw(label, seed, shape)).reshape(-1))]))
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("header", HEADERS)
def test_table_of_paths_is_the_same_data_as_the_folder(header: bool, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    description = convert(folder, tmp_path / "folder")
    assert convert(write_paths(folder, header), tmp_path / "table") == description
    one, other = load(tmp_path / "folder"), load(tmp_path / "table")
    assert all(np.array_equal(np.sort(one[name], axis=0), np.sort(other[name], axis=0)) for name in one)


@pytest.mark.parametrize("header", HEADERS)
def test_table_of_pixels_is_the_same_data_as_the_folder(header: bool, tmp_path: Path) -> None:
    shape = (40, 32)
    convert(write_folder(tmp_path / "in"), tmp_path / "folder", shape)
    description = convert(write_pixels(tmp_path / "data.csv", header), tmp_path / "table", shape)
    assert description.class_names == CLASSES
    one, other = load(tmp_path / "folder"), load(tmp_path / "table")
    assert len(other["train"]) == 36
    assert all(np.array_equal(np.sort(one[name], axis=0), np.sort(other[name], axis=0)) for name in one)


def test_pixels_of_a_square_are_fitted_to_another_size(tmp_path: Path) -> None:
    convert(write_pixels(tmp_path / "data.csv", True, shape=(48, 48)), tmp_path / "out")
    assert load(tmp_path / "out")["train"].shape == (36, 28, 28)


def test_columns_may_be_in_any_order_under_a_header(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    lines = [f"{index},{path},{path.parent.name}" for index, path in enumerate(sorted(folder.rglob("*.png")))]
    (tmp_path / "data.csv").write_text("\n".join(["writer,path,label", *lines]), encoding="utf-8-sig")
    assert convert(tmp_path / "data.csv", tmp_path / "out").class_names == CLASSES


def test_folder_may_hold_a_table_for_each_part(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    write_paths(folder, header=True, name="train.csv")
    (folder / "test.csv").write_text("2,2/0.png\nbar,bar/1.png\n")
    convert(folder, tmp_path / "out")
    found = load(tmp_path / "out")
    assert found["test_labels"].tolist() == [0, 2]
    assert len(found["train"]) == 42


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["label", "path"]),
        ("label,file\n1,a.png\n", ["label, file", "path"]),
        ("label;path\n1;a.png\n", ["label;path", "commas"]),
        ("class,file\n1,a.png\n", ["class, file", "path"]),
        ("a.png,1\nb.png,2\n", ["a.png, 1", "path"]),
        ("1,0,0,0,0\n2,0,0,0\n", ["line 2", "4 values", "5"]),
        ("1,0,0,0,0\n2,0,0,x,0\n", ["line 2", "0 to 255"]),
        ("1,0,0,0,0\n2,0,0,0.5,0\n", ["line 2", "0 to 255"]),
        ("1,0,0,0,0\n2,0,0,256,0\n", ["line 2", "0 to 255"]),
        ("1,0,0,0,0\n2,0,0,99999999999999999999,0\n", ["line 2", "0 to 255"]),
        ("1,0,0,0,0\n,0,0,0,0\n", ["line 2", "no label"]),
        (f"label,path\na,a.png\n{'1' * 5000},b.png\n", ["line 3", "5,000 characters"]),
        ("label,path\n1,\n", ["line 2", "no path"]),
        ("1,0,0,0\n2,0,0,0\n", ["3 pixels", "IMAGE_SIZE"]),
        ("label,path\n1,none.png\n2,gone.png\n", ["2 of 2", "none.png", "gone.png"]),
        ('label,path\n"1,none.png\n', ["CSV"]),
        ("label,path\n", ["0 classes"]),
    ],
)
def test_wrong_table_is_refused(text: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError) as raised:
        convert(tmp_path / "data.csv", tmp_path / "out")
    assert [word for word in [str(tmp_path), *words] if word not in str(raised.value)] in ([], [str(tmp_path)])
    assert "\n" not in str(raised.value)


def test_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes("label,path\nä,a.png\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="UTF-8"):
        convert(tmp_path / "data.csv", tmp_path / "out")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("2/more/a.png", "2/more"),
        ("loose.png", "loose.png"),
        ("train/2/a.png", "10 and 2 more"),
        ("test/2/a.png", "none named train"),
    ],
)
def test_picture_without_a_class_is_refused(path: str, words: str, tmp_path: Path) -> None:
    save(write_folder(tmp_path / "in") / path, draw("2"))
    with pytest.raises(DatasetError, match=words):
        convert(tmp_path / "in", tmp_path / "out")


def test_other_files_beside_the_classes_are_ignored(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    (folder / "README.txt").write_text("about")
    (folder / ".cache").mkdir()
    (folder / "2" / ".DS_Store").write_text("hidden")
    assert convert(folder, tmp_path / "out").preparation[0] == "42 pictures"


def test_pipe_in_a_class_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    os.mkfifo(folder / "2" / "pipe.png")
    with pytest.raises(DatasetError, match=r"2/pipe.png"):
        find_form(folder).digest(folder)
    (folder / "2" / "pipe.png").rename(tmp_path / "pipe.png")
    (tmp_path / "data.csv").write_text("label,path\na,pipe.png\nb,in/2/0.png\n")
    find_form(tmp_path / "data.csv").digest(tmp_path / "data.csv")
    with pytest.raises(DatasetError, match=r"1 of 2 .*pipe.png is not a regular file"):
        convert(tmp_path / "data.csv", tmp_path / "out")


def test_what_is_no_data_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "nowhere", tmp_path / "notes.txt", tmp_path / "empty"):
        with pytest.raises(
            UsageError, match=r"a folder with four IDX files, or a CSV file.*, or a folder with one folder"
        ):
            find_form(path)


def test_idx_files_are_preferred(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    assert find_form(folder).resizes
    (folder / f"{FILES[2]}.gz").write_bytes(b"")
    assert not find_form(folder).resizes


def change(path: Path) -> None:
    save(path, draw("bar", 1234))


CHANGES = {
    "a changed picture": lambda folder: change(folder / "2" / "3.png"),
    "a new picture": lambda folder: change(folder / "10" / "new.png"),
    "a removed picture": lambda folder: (folder / "10" / "3.png").unlink(),
    "a renamed class": lambda folder: (folder / "bar").rename(folder / "pole"),
    "an empty class": lambda folder: (folder / "none").mkdir(),
    "a picture of another class": lambda folder: (folder / "2" / "3.png").rename(folder / "10" / "33.png"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_of_a_folder_are_noticed(name: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in [1]")
    form = find_form(folder)
    patterns = form.watch(folder)
    before, seen = dict(form.digest(folder)), look_at(patterns)
    assert form.digest(folder) == before
    CHANGES[name](folder)
    assert form.digest(folder) != before
    assert look_at(patterns) != seen


def test_changes_of_a_table_and_its_pictures_are_noticed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in [1]")
    table = write_paths(folder, header=True)
    form = find_form(table)
    patterns = form.watch(table)
    seen = [(dict(form.digest(table)), look_at(patterns))]
    change(folder / "2" / "3.png")
    seen.append((dict(form.digest(table)), look_at(patterns)))
    table.write_text(table.read_text().replace("bar,bar/1.png", "2,bar/1.png"))
    seen.append((dict(form.digest(table)), look_at(patterns)))
    assert all(one[0] != other[0] and one[1] != other[1] for one, other in itertools.pairwise(seen))


def test_table_that_is_added_is_noticed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in [1]")
    write_paths(folder, header=True, name="train.csv")
    form = find_form(folder)
    patterns = form.watch(folder)
    before, seen = dict(form.digest(folder)), look_at(patterns)
    (folder / "test.csv").write_text("2,2/0.png\nbar,bar/1.png\n")
    assert form.digest(folder) != before
    assert look_at(patterns) != seen


def look_at(patterns: Iterable[str]) -> dict[Path, tuple[int, int]]:
    """Return size and time of all files that the patterns match, and the folders."""
    found = [Path(name) for pattern in patterns for name in match(pattern)]
    return {
        each: (each.stat().st_size, each.stat().st_mtime_ns) if each.is_file() else (0, 0) for each in sorted(found)
    }
