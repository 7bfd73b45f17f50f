"""Folders with one sub-folder of pictures for each class, which may be below `train/` and `test/`."""

import glob
from collections.abc import Iterator
from pathlib import Path

from pipeline.custom.listing import TEST, TRAIN, Item, Listing
from pipeline.data.dataset import DatasetError
from pipeline.pictures.decoding import SUFFIXES

PARTS = (TRAIN, TEST)


def has_class_folders(path: Path) -> bool:
    """Return whether the folder contains folders."""
    return any(_list_folders(path))


def watch_folder(path: Path) -> list[str]:
    """Return the patterns of all files and folders that `list_folder` looks at."""
    roots = [path, *(path / part for part in PARTS if has_class_folders(path / part))]
    return [str(Path(glob.escape(str(root)), below)) for root in roots for below in ("*", "*/*")]


def list_folder(path: Path) -> Listing:
    """List the pictures in the folders of all classes. Hidden files are ignored.

    Raises DatasetError for anything that is neither a class nor a picture of a class.
    """
    parts = {path / part: part for part in PARTS if has_class_folders(path / part)}
    if parts and path / TRAIN not in parts:
        raise DatasetError(
            f"{path} has a folder {TEST} but none named {TRAIN}, with one folder of pictures for each class: add it"
        )
    items, empty = [], []
    stray = [folder for folder in _list_folders(path) if folder not in parts] if parts else []
    for root, part in (parts or {path: TRAIN}).items():
        stray += [file for file in _list(root) if file.suffix.lower() in SUFFIXES and file.is_file()]
        for folder in _list_folders(root):
            files = _list(folder)
            stray += [file for file in files if not file.is_file()]
            items += [Item(part, folder.name, file, str(file)) for file in files]
            empty += [] if files else [str(folder)]
    if stray:
        more = f" and {len(stray) - 1:,} more" if stray[1:] else ""
        raise DatasetError(
            f"{stray[0]}{more}: expected pictures in the folder of a class, "
            f"in {path} or in its folders {TRAIN} and {TEST}: move or remove it"
        )
    return Listing(tuple(items), tuple(empty))


def _list(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _list_folders(folder: Path) -> Iterator[Path]:
    return filter(Path.is_dir, _list(folder) if folder.is_dir() else ())
