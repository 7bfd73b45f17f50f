"""CSV files with a label and either the path of a picture or its pixels in each line."""

import csv
import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import MAX_NAME, DatasetError

LABEL, PATH = "label", "path"  # columns; all others are pixels if there is no path

TableRow = tuple[str, Path | NDArray[np.uint8], str]  # label, file or grey levels (h, w), name for messages


class ShapeError(DatasetError):
    """Lines of pixels are not images of the given height and width."""


def has_paths(table: Path) -> bool:
    """Return whether the lines name picture files. Raises DatasetError if they name neither these nor pixels."""
    return PATH in _read_columns(table)[0]


def read_table(table: Path, shape: tuple[int, int]) -> tuple[list[TableRow], list[str]]:
    """Return the pictures of a CSV file, and what is wrong with its other lines.

    Lines of pixels are images of `shape` if the number fits, else squares. Raises DatasetError if no line can be read,
    and of it ShapeError if the lines have another number of pixels.
    """
    columns, header = _read_columns(table)
    if PATH not in columns:
        shape = _find_shape(len(columns) - 1, shape, table)
    rows, problems = [], []
    with _open(table) as lines:
        for number, cells in itertools.islice(lines, int(header), None):
            name = f"{table}, line {number}"
            try:
                rows.append(_read_line(cells, columns, table.parent, shape, name))
            except ValueError as error:
                problems.append(f"{name} {error}")
    return rows, problems


def _read_line(cells: list[str], columns: list[str], folder: Path, shape: tuple[int, int], name: str) -> TableRow:
    """Return the picture of a line. Raises ValueError with what is wrong."""
    if len(cells) != len(columns):
        raise ValueError(f"has {len(cells):,} values, but the first line has {len(columns):,}")
    index = columns.index(LABEL)
    label = cells[index].strip()
    if not 0 < len(label) <= MAX_NAME:
        raise ValueError(f"has a label of {len(label):,} characters, not 1 to {MAX_NAME}" if label else "has no label")
    if PATH in columns:
        path = folder / cells[columns.index(PATH)].strip()
        if path == folder:
            raise ValueError("has no path")
        return label, path, str(path)
    try:
        pixels = np.array([*map(int, cells[:index] + cells[index + 1 :])], np.uint8)
    except (ValueError, OverflowError):
        raise ValueError("has pixels that are not whole numbers from 0 to 255") from None
    return label, pixels.reshape(shape), name


def _read_columns(table: Path) -> tuple[list[str], bool]:
    """Return the names of the columns, and whether they are in the first line. Columns of pixels may have any name."""
    with _open(table) as lines:
        _, first = next(lines, (1, []))
    names = [name.strip().lower() for name in first]
    header = LABEL in names
    if header:
        columns = names
    elif len(names) == 2 and Path(names[1]).suffix:  # a file, not the name of a column
        columns = [LABEL, PATH]
    else:
        columns = [LABEL, *("pixel" for _ in names[1:])]
    if PATH not in columns and len(columns) <= 2:
        raise DatasetError(
            f"{table} has the columns {', '.join(names) or '(none)'}: give it {LABEL} and {PATH}, or {LABEL} and a "
            "column for each pixel, separated by commas"
        )
    return columns, header


def _find_shape(count: int, shape: tuple[int, int], table: Path) -> tuple[int, int]:
    side = math.isqrt(count)
    if count not in (math.prod(shape), side * side):
        raise ShapeError(f"{table} has {count:,} pixels a line, which is neither a square nor {shape[0]} x {shape[1]}")
    return shape if count == math.prod(shape) else (side, side)


@contextmanager
def _open(table: Path) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Open a CSV file; the result yields the lines that are not empty, each with its number."""
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            yield ((reader.line_num, row) for row in reader if row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{table} is not a CSV file in UTF-8 ({error})") from None
