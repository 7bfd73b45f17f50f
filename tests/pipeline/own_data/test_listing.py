"""What own data may be, what is wrong with them, and when they have changed."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.dataset import FILES, DatasetError
from pipeline.engine.errors import UsageError
from pipeline.own_data.listing import digest_data, find_form
from pipeline.own_data.tables import read_table
from tests.pipeline.own_data.common import CLASSES, convert, draw, load, save, write_folder


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


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("of_pixels", [True, False])
def test_table_is_the_same_data_as_the_folder(of_pixels: bool, header: bool, tmp_path: Path) -> None:
    shape, folder = (40, 32), write_folder(tmp_path / "in")
    table = write_pixels(tmp_path / "data.csv", header) if of_pixels else write_paths(folder, header)
    of_folder, of_table = convert(folder, tmp_path / "folder", shape), convert(table, tmp_path / "table", shape)
    assert of_table.class_names == CLASSES
    assert of_pixels or of_table == of_folder
    one, other = load(tmp_path / "folder"), load(tmp_path / "table")
    assert len(other["train"]) == 36
    assert all(np.array_equal(np.sort(one[name], axis=0), np.sort(other[name], axis=0)) for name in one)


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
        ("label;path\n1;a.png\n", ["label;path", "commas"]),
        ("class,file\n1,a.png\n", ["class, file", "path"]),
        ("a.png,1\nb.png,2\n", ["a.png, 1", "path"]),
        ("1,0,0,0,0\n2,0,0,0\n", ["line 2", "4 values", "5"]),
        ("1,0,0,0,0\n2,0,0,0.5,0\n", ["line 2", "0 to 255"]),
        ("1,0,0,0,0\n2,0,0,-1,0\n", ["line 2", "0 to 255"]),
        ("1,0,0,0,0\n2,0,0,99999999999999999999,0\n", ["line 2", "0 to 255"]),
        ("1,0,0,0,0\n,0,0,0,0\n", ["line 2", "label"]),
        ("1,0,0,0,0\n2,0,0,256,0\n\n3,0\n4,0,0,0,0\n", ["2 lines", "line 2", "line 4"]),
        ("1,0,0,0\n2,0,0,0\n", ["3 pixels", "28 x 28"]),
        ("label,path\n1,none.png\n2,gone.png\n", ["2 of 2", "none.png", "gone.png"]),
        ('label,path\n"1,none.png\n', ["CSV"]),
        ("label,path\n\xe4,a.png\n", ["UTF-8"]),
        ("label,path\n", ["0 classes"]),
    ],
)
def test_wrong_table_is_refused(text: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(text, encoding="latin-1")
    with pytest.raises(DatasetError) as raised:
        convert(tmp_path / "data.csv", tmp_path / "out")
    assert all(word in str(raised.value) for word in words) and "\n" not in str(raised.value)


def test_wrong_lines_of_both_tables_are_named_and_the_test_part_alone_is_refused(tmp_path: Path) -> None:
    for part, words in (("test", "but no train.csv"), ("train", "2 lines .*train.csv, line 2 .*test.csv, line 2 ")):
        (tmp_path / f"{part}.csv").write_text("label,path\n1\n")
        with pytest.raises(DatasetError, match=words):
            convert(tmp_path, tmp_path / part)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("2/more/a.png", "2/more"),
        ("loose.png", "loose.png"),
        ("train/2/a.png", "in/10 .*in/2 .*in/bar"),
        ("test/2/a.png", "none named train"),
    ],
)
def test_picture_without_a_class_is_refused(path: str, words: str, tmp_path: Path) -> None:
    save(write_folder(tmp_path / "in") / path, draw("2"))
    with pytest.raises(DatasetError, match=words):
        convert(tmp_path / "in", tmp_path / "out")


def test_class_without_pictures_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    for label in CLASSES[1:]:  # rather than that only one class is left
        shutil.rmtree(folder / label)
    (folder / "10").mkdir()
    (folder / "bar").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"in/10 has no pictures; .*in/bar is not a picture"):
        convert(folder, tmp_path / "out")


def test_other_files_beside_the_classes_are_ignored(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    (folder / "README.txt").write_text("about")
    (folder / ".cache").mkdir()
    (folder / "2" / ".DS_Store").write_text("hidden")
    assert convert(folder, tmp_path / "out").preparation[0] == "42 pictures"


def test_pipe_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    os.mkfifo(folder / "2" / "pipe.png")
    with pytest.raises(DatasetError, match=r"2/pipe.png"):
        digest_data(folder)


def test_what_is_no_data_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    for path in (tmp_path / "notes.txt", tmp_path):
        with pytest.raises(UsageError, match=f"{path.name} is not a data set"):
            find_form(path)


def test_idx_files_go_before_tables_and_these_before_folders(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    assert find_form(folder) == "folders"
    write_paths(folder, header=True, name="train.csv")
    assert find_form(folder) == "tables"
    (folder / f"{FILES[2]}.gz").write_bytes(b"")
    assert find_form(folder) == "idx"


def test_changes_of_idx_files_and_of_the_names_of_the_classes_are_noticed(tmp_path: Path) -> None:
    seen = []
    for name, text in ((FILES[0], "a"), (f"{FILES[1]}.gz", "a"), ("class-names.txt", "a"), ("class-names.txt", "b")):
        (tmp_path / name).write_text(text)
        seen.append(digest_data(tmp_path))
    assert set(seen[-1]) == {FILES[0], f"{FILES[1]}.gz", "class-names.txt"}
    assert len({str(each) for each in seen}) == 4


def test_changes_of_tables_and_of_their_pictures_are_noticed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    table = write_paths(folder, header=True, name="train.csv")
    seen = [digest_data(folder)]
    save(folder / "2" / "3.png", draw("bar", 1234))
    seen.append(digest_data(folder))
    table.write_text(table.read_text().replace("bar,bar/1.png", "2,bar/1.png"))
    seen.append(digest_data(folder))
    for text in ("2,0,0,0,0\nbar,1,1,1,1\n", "2,0,0,0,0\nbar,1,1,1,2\n"):
        (folder / "test.csv").write_text(text)
        seen.append(digest_data(folder))
    assert len({str(each) for each in seen}) == 5


def test_changes_of_a_folder_are_noticed(tmp_path: Path) -> None:
    """A picture changes, then goes, then changes its class, and a class has another name."""
    folder = write_folder(tmp_path / "in [1]")
    seen = [digest_data(folder)]
    assert digest_data(folder) == seen[0]
    for change in (
        lambda: save(folder / "2" / "3.png", draw("bar", 1234)),
        lambda: (folder / "10" / "3.png").unlink(),
        lambda: (folder / "2" / "3.png").rename(folder / "10" / "33.png"),
        lambda: (folder / "bar").rename(folder / "pole"),
    ):
        change()
        seen.append(digest_data(folder))
    assert len({str(each) for each in seen}) == 5


@pytest.mark.parametrize("label", ["7" * 5000, "", "x" * 256])
def test_label_that_is_no_name_is_a_problem_of_its_line(label: str, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(f"label,path\n{label},a.png\n3,b.png\n")
    rows, problems = read_table(tmp_path / "train.csv", (28, 28))
    assert ([row[0] for row in rows], len(problems)) == (["3"], 1)
