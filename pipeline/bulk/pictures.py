"""Find pictures in folders, and name the annotated copies of them."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.store import check_outside
from pipeline.pictures.files import SUFFIXES

STDIN = "-"


def find_pictures(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names, with each folder replaced by the pictures at any depth in it, sorted.

    The second string of each pair is the name relative to the folder. Raises PipelineError if a folder has no picture.
    """
    found: list[tuple[str, str]] = []
    for name in names:
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises if the name is too long
            found.append((name, "stdin" if name == STDIN else Path(name).name))
            continue
        paths = (path for path in Path(name).rglob("*") if path.suffix.lower() in SUFFIXES)
        pictures = sorted(str(path) for path in paths if not path.is_dir() and not path.is_fifo())
        if not pictures:
            raise PipelineError(f"{name} contains no picture: name a folder with {', '.join(sorted(SUFFIXES))} files")
        found += [(path, str(Path(path).relative_to(name))) for path in pictures]
    return found


def name_copies(found: Sequence[tuple[str, str]], target: Path) -> list[Path]:
    """Return the file in the folder `target` for the copy of each picture. Raises UsageError if two are the same.

    found: from `find_pictures`.
    """
    check_outside(target)
    if target.is_file():
        raise UsageError(f"{target} is a file: give --annotate a folder for the copies")
    copies = [target / path.parent / f"{path.stem}.png" for path in (Path(inner) for _, inner in found)]
    for copy, count in Counter(copies).items():
        if count > 1:
            same = [name for (name, _), other in zip(found, copies, strict=True) if other == copy]
            raise UsageError(f"{' and '.join(same[:2])} would have the same copy, {copy}: rename one of them")
    return copies


def check_new(copies: Iterable[Path]) -> None:
    """Raise UsageError if one of the files exists."""
    for copy in copies:
        if os.path.lexists(copy):
            raise UsageError(f"{copy} exists already: choose another name for --annotate")
