"""A data set: the files that it comes in, its name and those of its classes, which every artifact carries along."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.engine.documents import load_json, save_json
from pipeline.engine.errors import PipelineError

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)

FILE = "dataset.json"
CLASS_NAMES = "class-names.txt"


def is_printable(character: str) -> bool:
    """Return whether it is shown as it is, or is a space: `str.isprintable` knows only one of these."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


class DatasetError(PipelineError):
    """The arrays are no data set of images and labels, or do not belong together."""


@dataclass(frozen=True)
class Description:
    """class_names: in the order of the labels; empty until the labels have been seen.

    They get into terminals, pages and tables, and `name` into a command that the model's card tells. So raises
    DatasetError for a name that is no word, and for class names that cannot be printed, or not be told apart.
    """

    name: str
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        flaw = _find_flaw(self.class_names)
        if flaw:
            raise DatasetError(f"class name {flaw}")
        if not re.fullmatch(r"[\w-]+", self.name):
            raise DatasetError(f"the data set's name {self.name!r} is no word")


def save_description(folder: Path, description: Description) -> None:
    """Write the description into an artifact's folder."""
    save_json(folder / FILE, asdict(description))


def load_description(folder: Path) -> Description:
    """The description in an artifact's folder. Raises PipelineError if it is missing or damaged."""
    return load_json(folder / FILE, Description)


def read_class_names(folder: Path) -> tuple[str, ...]:
    """The names in class-names.txt, one a line; none without the file. Raises PipelineError if it is damaged."""
    path = folder / CLASS_NAMES
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").rstrip().split("\n")]
    except FileNotFoundError:
        return ()
    except ValueError:
        raise PipelineError(f"{path} is no UTF-8 text: write one class name a line") from None
    flaw = _find_flaw(names)
    if flaw:
        raise PipelineError(f"{path}: line {flaw}; write one name a line, each of them once")
    return tuple(names)


def _find_flaw(names: Sequence[str]) -> str:
    """The number of the first of the class names that cannot be, from 1, and what is wrong with it; else nothing."""
    seen = set()
    for number, name in enumerate(names, start=1):
        if not all(map(is_printable, name)):
            return f"{number} is not printable"
        if not name or name in seen:
            return f"{number} repeats {name}" if name else f"{number} is empty"
        seen.add(name)
    return ""
