"""File names of a data set, and its description: its name and class names, copied into the artifacts with images."""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.engine.documents import MAX_BYTES, load_json, require_regular, save_json
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.terminal import is_printable

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)

DEFAULT_VALIDATION = 1 / 12  # of the training images are held out: 5,000 of MNIST's 60,000
DESCRIPTION_FILE = "dataset.json"
CLASS_NAMES = "class-names.txt"
MAX_NAME = 255  # characters of the name of a class, which may be that of a folder


class DatasetError(PipelineError):
    """Arrays are not images and labels, or do not fit together."""


@dataclass(frozen=True)
class Description:
    """The name and the classes of a data set.

    class_names: in the order of the labels; empty before the labels are read. preparation: what `download` and `parse`
    did to own data, in words for the report.

    Raises DatasetError for a name that is unsafe in a command, and for class names that are empty, not printable or not
    distinct.
    """

    name: str
    class_names: tuple[str, ...]
    preparation: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problem = _find_problem(self.class_names)
        if problem:
            raise DatasetError(f"class name {problem}")
        if not re.fullmatch(r"[\w-]+", self.name):
            raise DatasetError(f"the data set name {self.name!r} is invalid: use letters, digits, - and _")


def save_description(folder: Path, description: Description) -> None:
    """Write the description to `folder`."""
    save_json(folder / DESCRIPTION_FILE, asdict(description))


def load_description(folder: Path) -> Description:
    """Read the description in `folder`. Raises PipelineError if it is missing or damaged."""
    return load_json(folder / DESCRIPTION_FILE, Description)


def read_class_names(folder: Path) -> tuple[str, ...]:
    """Read class-names.txt, one name per line; return () without the file. Raises PipelineError if it is invalid."""
    path = folder / CLASS_NAMES
    try:
        require_regular(path, MAX_BYTES)
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").rstrip().split("\n")]
    except FileNotFoundError:
        return ()
    except ValueError as error:
        problem = "not UTF-8 text" if isinstance(error, UnicodeError) else str(error)
        raise PipelineError(f"{path} is {problem}: write one class name per line") from None
    problem = _find_problem(names)
    if problem:
        raise PipelineError(f"{path}: line {problem}: write one name per line, without duplicates")
    return tuple(names)


def are_ten_digits(class_names: Sequence[str]) -> bool:
    """Return whether the classes are the ten digits, in any order."""
    return sorted(class_names) == list("0123456789")


def _find_problem(names: Sequence[str]) -> str:
    """Return the number of the first invalid class name, from 1, and its problem; "" if all are valid."""
    seen = set()
    for number, name in enumerate(names, start=1):
        if not all(map(is_printable, name)):
            return f"{number}, {name!r}, is not printable: rename it"
        if len(name) > MAX_NAME:
            return f"{number} has {len(name):,} characters: use at most {MAX_NAME}"
        if not name or name in seen:
            return f"{number} repeats {name}" if name else f"{number} is empty"
        seen.add(name)
    return ""


def count_held_out(validation: float, total: int) -> int:
    """Return the number of validation images, at least 1. validation: a number of images or a fraction of them.

    Raises UsageError if it is neither, and if no training images are left.
    """
    if not (0 < validation < math.inf) or (validation >= 1 and validation != int(validation)):
        raise UsageError(
            f"validation cannot be {validation:g}: use a whole number of at least 1, or a fraction above 0 and below 1"
        )
    count = int(validation) if validation >= 1 else max(1, round(validation * total))
    if count >= total:
        raise UsageError(f"validation {validation:g} leaves no image of the {total:,} for training: hold out fewer")
    return count
