"""Find pictures in folders, and name the annotated copies of them."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.store import check_outside
from pipeline.engine.terminal import printable
from pipeline.pictures.files import FROM_HEIC, FROM_PDF, SUFFIXES

log = logging.getLogger(__name__)

STDIN = "-"
SHOWN = 5  # extensions of skipped files that are named


def find_pictures(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names, with each folder replaced by the pictures at any depth in it, sorted.

    The second string of each pair is the name relative to the folder. Logs how many other files are skipped, except
    hidden ones. Raises PipelineError if a folder has no picture.
    """
    found: list[tuple[str, str]] = []
    skipped: Counter[str] = Counter()
    for name in names:
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises if the name is too long
            found.append((name, "stdin" if name == STDIN else Path(name).name))
            continue
        files = [path for path in Path(name).rglob("*") if not path.is_dir() and not path.is_fifo()]
        pictures = sorted(str(path) for path in files if path.suffix.lower() in SUFFIXES)
        others = (path for path in files if path.suffix.lower() not in SUFFIXES)
        visible = (path for path in others if not any(part[0] == "." for part in path.relative_to(name).parts))
        here = Counter(path.suffix.lower() or "none" for path in visible)
        if not pictures:
            but = f", only {_describe(here)}" if here else ""
            raise PipelineError(f"{name} contains no picture{but}: {_advise(here)}")
        found += [(path, str(Path(path).relative_to(name))) for path in pictures]
        skipped += here
    if skipped:
        log.info("skipped %s", _describe(skipped))
    return found


def _describe(skipped: Counter[str]) -> str:
    count = "1 file" if skipped.total() == 1 else f"{skipped.total():,} files"
    shown = [*map(printable, sorted(skipped)[:SHOWN]), *["others"] * (len(skipped) > SHOWN)]
    return f"{count} without the extension of a picture ({', '.join(shown)})"


def _advise(skipped: Counter[str]) -> str:
    """Return what to do about a folder without pictures, from the number of its files of each extension."""
    for suffix, advice in ((".pdf", FROM_PDF), (".heic", FROM_HEIC), (".heif", FROM_HEIC), (".avif", FROM_HEIC)):
        if skipped[suffix]:
            return advice
    return f"name a folder with {', '.join(sorted(SUFFIXES))} files"


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
