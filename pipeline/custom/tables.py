"""CSV files with a label and either the path of a picture or its pixels in each line."""

import csv
import glob
import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.custom.listing import TEST, TRAIN, Item, Listing
from pipeline.data.dataset import DatasetError

LABEL, PATH = "label", "path"  # columns; all others are pixels if there is no path
MAX_LABEL = 255  # characters, as in the name of a folder


@dataclass(frozen=True)
class Columns:
    """Columns of a CSV file. label, path: their indices. header: whether the first line names the columns."""

    label: int
    path: int | None
    header: bool
    count: int


def find_tables(path: Path) -> dict[str, Path]:
    """Return the CSV file of each part: the file itself, or train.csv and test.csv in a folder; {} if there is none."""
    if path.suffix.lower() == ".csv" and path.is_file():
        return {TRAIN: path}
    tables = {part: path / f"{part}.csv" for part in (TRAIN, TEST)}
    return {part: table for part, table in tables.items() if table.is_file()}


def watch_tables(path: Path) -> list[str]:
    """Return patterns for the CSV files, even for a file that is added later, and for the pictures that they name."""
    tables = Path(glob.escape(str(path)), "*" if path.is_dir() else "")
    return [str(tables), *(glob.escape(str(item.source)) for item in list_pictures(path).items)]


def list_pictures(path: Path) -> Listing:
    """List only what is in files of its own, without reading pixels. Raises DatasetError as `list_tables` does."""
    tables = find_tables(path).items()
    return Listing(
        tuple(item for part, table in tables if _read_columns(table).path is not None for item in _read(part, table))
    )


def list_tables(path: Path, shape: tuple[int, int]) -> Listing:
    """List the pictures of all CSV files. Lines of pixels are images of `shape` if the number fits, else squares.

    Raises DatasetError for the first line that is wrong.
    """
    tables = find_tables(path)
    if TRAIN not in tables:
        raise DatasetError(f"{path} has a file {TEST}.csv but none named {TRAIN}.csv")
    return Listing(tuple(item for part, table in tables.items() for item in _read(part, table, shape)))


def _read(part: str, table: Path, shape: tuple[int, int] = (0, 0)) -> Iterator[Item]:
    columns = _read_columns(table)
    with _open(table) as lines:
        for number, row in itertools.islice(lines, int(columns.header), None):
            name = f"{table}, line {number}"
            if len(row) != columns.count:
                raise DatasetError(f"{name} has {len(row):,} values, but the first line has {columns.count:,}")
            label = row[columns.label].strip()
            if not label:
                raise DatasetError(f"{name} has no label")
            if len(label) > MAX_LABEL:
                raise DatasetError(f"{name} has a label of {len(label):,} characters: at most {MAX_LABEL} are possible")
            if columns.path is not None:
                path = row[columns.path].strip()
                if not path:
                    raise DatasetError(f"{name} has no path")
                file = table.parent / path
                yield Item(part, label, file, str(file))
            else:
                pixels = _to_pixels(row[: columns.label] + row[columns.label + 1 :], name)
                yield Item(part, label, pixels.reshape(_find_shape(len(pixels), shape, table)), name)


def _read_columns(table: Path) -> Columns:
    with _open(table) as lines:
        _, first = next(lines, (1, []))
    names = [name.strip().lower() for name in first]
    header = LABEL in names
    if header and PATH in names:
        return Columns(names.index(LABEL), names.index(PATH), True, len(names))
    if len(names) > 2:
        return Columns(names.index(LABEL) if header else 0, None, header, len(names))
    if len(names) == 2 and not header and Path(names[1]).suffix:  # a file, not the name of a column
        return Columns(0, 1, False, 2)
    raise DatasetError(
        f"{table} has the columns {', '.join(names) or '(none)'}: give it {LABEL} and {PATH}, or {LABEL} and a column "
        "for each pixel, separated by commas"
    )


def _to_pixels(cells: Sequence[str], name: str) -> NDArray[np.uint8]:
    try:
        values = np.array(cells).astype(np.int64)
    except (ValueError, OverflowError):
        values = np.array([-1])
    if values.min() < 0 or values.max() > 255:
        raise DatasetError(f"{name} has pixels that are not whole numbers from 0 to 255")
    return values.astype(np.uint8)


def _find_shape(count: int, shape: tuple[int, int], table: Path) -> tuple[int, int]:
    side = math.isqrt(count)
    if count not in (math.prod(shape), side * side):
        raise DatasetError(
            f"{table} has {count:,} pixels a line, which is neither a square nor {shape[0]} x {shape[1]}: give the "
            "height and width, as in IMAGE_SIZE=40x32"
        )
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
