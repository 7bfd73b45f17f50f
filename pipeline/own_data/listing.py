"""Detect the form of a user's data, list their pictures before any is decoded, and digest their content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import CLASS_NAMES, FILES, DatasetError
from pipeline.engine.digests import sha256
from pipeline.engine.errors import UsageError
from pipeline.engine.terminal import name_some
from pipeline.own_data.tables import has_paths, read_table
from pipeline.pictures.decoding import SUFFIXES

TRAIN, TEST = FOLDER_PARTS = "train", "test"  # names of folders and CSV files
ITEM_DIGEST = 16
SHOWN_PROBLEMS = 3  # problems that an error names


@dataclass(frozen=True, eq=False)
class Item:
    """A picture to convert. part: TRAIN or TEST. source: a file, or uint8 (h, w). name: its name in messages."""

    part: str
    label: str
    source: Path | NDArray[np.uint8]
    name: str


def find_form(path: Path) -> Literal["idx", "tables", "folders"]:
    """Return the form of the data at `path`; IDX files go first. Raises UsageError if they have none."""
    if _list_idx_files(path):
        return "idx"
    if _find_tables(path):
        return "tables"
    if _list_folders(path):
        return "folders"
    problem = "is not a data set" if path.exists() else "does not exist"
    raise UsageError(
        f"{path} {problem}: give a folder with four IDX files, a CSV file, a folder with {TRAIN}.csv, or a folder with "
        "one folder of pictures for each class"
    )


def list_items(path: Path, shape: tuple[int, int]) -> list[Item]:
    """List the pictures in CSV files or in folders. shape: shape of images whose pixels are in CSV files.

    Hidden files are ignored. Raises DatasetError, which names the first lines that are wrong, and the first files and
    folders that are neither a class nor a picture of a class.
    """
    tables = _find_tables(path)
    return _list_tables(path, tables, shape) if tables else _list_folder(path)


def digest_data(path: Path) -> dict[str, Any]:
    """Return a short digest of each file in `path`, or of each class with the number of its pictures, by name.

    Raises UsageError and DatasetError as `find_form` and `list_items` do.
    """
    form, tables = find_form(path), _find_tables(path)
    if form == "idx":
        files, items = [*_list_idx_files(path), path / CLASS_NAMES], list[Item]()
    elif form == "tables":
        files = list(tables.values())
        named = {part: table for part, table in tables.items() if has_paths(table)}
        items = [Item(part, *row) for part, table in named.items() for row in read_table(table, (0, 0))[0]]
    else:
        files, items = [], _list_folder(path)
    classes: dict[str, list[str]] = {}
    for item in items:
        if isinstance(item.source, Path) and item.source.is_file():  # others are reported by the conversion
            classes.setdefault(f"{item.part}/{item.label}", []).append(sha256(item.source))
    counted = {name: {"pictures": len(each), "content": _shorten("".join(each))} for name, each in classes.items()}
    return {file.name: _shorten(sha256(file)) for file in files if file.is_file()} | counted


def _shorten(digests: str) -> str:
    return hashlib.sha256(digests.encode()).hexdigest()[:ITEM_DIGEST]


def _list_idx_files(path: Path) -> list[Path]:
    return [file for name in FILES for file in (path / name, path / f"{name}.gz") if file.is_file()]


def _find_tables(path: Path) -> dict[str, Path]:
    """Return the CSV file of each part: the file itself, or train.csv and test.csv in a folder; {} if there is none."""
    if path.suffix.lower() == ".csv" and path.is_file():
        return {TRAIN: path}
    return {part: table for part in FOLDER_PARTS if (table := path / f"{part}.csv").is_file()}


def _list_tables(path: Path, tables: dict[str, Path], shape: tuple[int, int]) -> list[Item]:
    if TRAIN not in tables:
        raise DatasetError(f"{path} has a file {TEST}.csv but no {TRAIN}.csv: add it, or name {TEST}.csv itself")
    items, problems = [], []
    for part, table in tables.items():
        rows, wrong = read_table(table, shape)
        items += [Item(part, *row) for row in rows]
        problems += wrong
    if problems:
        raise DatasetError(
            f"{len(problems):,} lines are wrong: {name_some(problems, SHOWN_PROBLEMS, '; ')}. Repair or remove them"
        )
    return items


def _list_folder(path: Path) -> list[Item]:
    parts = {path / part: part for part in FOLDER_PARTS if _list_folders(path / part)}
    if parts and path / TRAIN not in parts:
        raise DatasetError(
            f"{path} has a folder {TEST} but none named {TRAIN}, with one folder of pictures for each class: add it"
        )
    items, empty = [], []
    stray = [folder for folder in _list_folders(path) if folder not in parts] if parts else []
    for root, part in (parts or {path: TRAIN}).items():
        # A link to nothing may have been a folder.
        stray += [
            each for each in _list(root) if not each.exists() or (each.suffix.lower() in SUFFIXES and each.is_file())
        ]
        for folder in _list_folders(root):
            files = _list(folder)
            stray += [file for file in files if not file.is_file()]
            items += [Item(part, folder.name, file, str(file)) for file in files]
            empty += [] if files else [folder]
    problems = [f"{folder} has no pictures" for folder in empty]
    problems += [f"{each} is not a picture in the folder of a class" for each in stray]
    if problems:
        where = f"in {path} or in its folders {TRAIN} and {TEST}"
        named = name_some(problems, SHOWN_PROBLEMS, "; ")
        raise DatasetError(f"{named}. Repair or remove them: each class has a folder of pictures, {where}")
    return items


def _list(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def _list_folders(folder: Path) -> list[Path]:
    return [path for path in _list(folder) if path.is_dir()]
