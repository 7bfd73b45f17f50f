"""Find pictures in folders, and name the annotated copies of them."""

import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.store import check_outside
from pipeline.engine.terminal import printable
from pipeline.pictures.decoding import CONVERTIBLE, SUFFIXES, count_pages, is_pdf

log = logging.getLogger(__name__)

STDIN = "-"
SHOWN_EXTENSIONS = 5  # extensions of skipped files that are named
FIRST_PAGE = re.compile(r"-0*1$")  # at the end of a name, as pdftoppm numbers the pages of a PDF file


@dataclass(frozen=True)
class PictureFile:
    """A picture that was found.

    path: the path of its file. inner: the same path, relative to the folder that was searched. page: the page, from 0,
    if the file has several.
    """

    path: str
    inner: Path
    page: int | None = None

    @property
    def name(self) -> str:
        r"""The name of the picture in results, in which bytes that are not UTF-8 are escapes such as `\xff`."""
        path = os.fsencode(self.path).decode(errors="backslashreplace")
        return path if self.page is None else f"{path}#{self.page + 1}"

    @property
    def shown(self) -> str:
        """The name of the picture in messages."""
        return "standard input" if self.path == STDIN else printable(self.name)


def find_pictures(names: Sequence[str]) -> list[PictureFile]:
    """Return the files with these names and, in place of folders, all visible pictures in them, sorted.

    They include files in unreadable but convertible formats, so that no result is missing unnoticed, unless a picture
    of the same name or the numbered pages of a PDF file are beside them. Logs how many other files are skipped. Raises
    UsageError for an empty name; PipelineError if a folder has no picture, if one in it cannot be read, or if a TIFF
    file has too many pages.
    """
    found: list[PictureFile] = []
    skipped: Counter[str] = Counter()
    for name in names:
        if not name:
            raise UsageError("a name is empty: name files or folders")
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises if the name is too long
            found += _split(name, Path("stdin" if name == STDIN else Path(name).name))
            continue
        pictures, here = _search(Path(name))
        if not pictures:
            but = f", only {_describe(here)}" if here else ""
            raise PipelineError(
                f"{name} contains no picture{but}: name a folder with {', '.join(sorted(SUFFIXES))} files"
            )
        for path in pictures:
            found += _split(str(path), path.relative_to(name))
        skipped += here
    if skipped:
        log.info("skipped %s", _describe(skipped))
    return found


def _search(folder: Path) -> tuple[list[Path], Counter[str]]:
    """Return the visible pictures in a folder, sorted, and how many files of each other extension there are."""
    paths: list[Path] = []
    seen = set[str]()
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        # Each folder once, although links may form a circle; a folder goes before links to it that are beside it.
        folders[:] = sorted(
            (name for name in folders if name[0] != "."), key=lambda name: Path(parent, name).is_symlink()
        )
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        paths += [Path(parent, name) for name in names if name[0] != "."]
    files = sorted((path for path in paths if not path.is_fifo()), key=str)
    readable = {path.with_suffix("") for path in files if path.suffix.lower() in SUFFIXES}
    converted = {FIRST_PAGE.sub("", str(path)) + ".pdf" for path in readable if FIRST_PAGE.search(path.name)}
    pictures, others = [], Counter[str]()
    for path in files:
        suffix = path.suffix.lower()
        is_converted = path.with_suffix("") in readable or str(path.with_suffix(suffix)) in converted
        if suffix in SUFFIXES or (suffix in CONVERTIBLE and not is_converted):
            pictures.append(path)
        else:
            others[suffix or "none"] += 1
    return pictures, others


def _refuse_folder(error: OSError) -> NoReturn:
    raise PipelineError(
        f"{error.filename} cannot be searched for pictures ({error.strerror}): make it readable, or move it away"
    )


def _split(path: str, inner: Path) -> list[PictureFile]:
    """Return each page of a TIFF or PDF file; the file itself if it is a TIFF with one page, or has another format."""
    if not os.path.isfile(path):  # noqa: PTH113 - see above
        return [PictureFile(path, inner)]
    if is_pdf(inner):
        return [PictureFile(path, inner, page) for page in range(count_pages(Path(path)))]
    count = count_pages(Path(path)) if inner.suffix.lower() in (".tif", ".tiff") else 1
    return [PictureFile(path, inner, page if count > 1 else None) for page in range(count)]


def _describe(skipped: Counter[str]) -> str:
    count = "1 file" if skipped.total() == 1 else f"{skipped.total():,} files"
    shown = [*map(printable, sorted(skipped)[:SHOWN_EXTENSIONS]), *["others"] * (len(skipped) > SHOWN_EXTENSIONS)]
    return f"{count} without the extension of a picture ({', '.join(shown)})"


def name_copies(found: Sequence[PictureFile], names: Sequence[str], target: Path) -> list[Path]:
    """Return the file in the folder `target` for the copy of each picture that `find_pictures` found.

    names: its argument. Raises UsageError if two copies are the same, or if `target` is in a folder that is searched.
    """
    check_outside(target)
    if target.is_file():
        raise UsageError(f"{target} is a file: give --annotate a folder for the copies")
    for name in filter(os.path.isdir, names):
        folder = Path(os.path.realpath(name))
        if Path(os.path.realpath(target)).is_relative_to(folder):
            beside = folder.with_name(f"{folder.name}-checked") if folder.name else None
            example = f", such as {os.path.relpath(beside)}" if beside else ""
            where = (
                "has the pictures"
                if Path(os.path.realpath(target)) == folder
                else f"lies in {name}, which is searched for pictures"
            )
            raise UsageError(
                f"{target} {where}, so the next run would also read the copies: choose a folder outside of it "
                f"for --annotate{example}"
            )
    copies: dict[Path, PictureFile] = {}
    for picture in found:
        copy = _name_copy(picture, target)
        other = copies.setdefault(copy, picture)
        if other is not picture:
            both = f"{other.name} and {picture.name}"
            raise UsageError(f"{both} would have the same copy, {copy}: name each picture once, or rename one of them")
    return list(copies)


def _name_copy(picture: PictureFile, target: Path) -> Path:
    page = "" if picture.page is None else f"-{picture.page + 1}"
    return target / picture.inner.parent / f"{picture.inner.stem}{page}.png"


def check_new(copies: Iterable[Path]) -> None:
    """Raise UsageError if one of the files exists."""
    for copy in copies:
        if os.path.lexists(copy):
            raise UsageError(f"{copy} exists already: choose another name for --annotate")
