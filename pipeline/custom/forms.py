"""The forms in which own data may come: how each is recognised, which files it is read from, and how it is read."""

import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.custom.conversion import convert
from pipeline.custom.folders import has_class_folders, list_folder, watch_folder
from pipeline.custom.listing import digest_file, digest_pictures
from pipeline.custom.tables import find_tables, list_pictures, list_tables, watch_tables
from pipeline.data.catalogue import CUSTOM, find_dataset
from pipeline.data.dataset import FILES, Description, read_class_names
from pipeline.data.fetch import digest_files, fetch
from pipeline.engine.errors import UsageError

Report = Callable[[str], None]


@dataclass(frozen=True)
class Form:
    """A form of own data.

    title: of the form, for messages. recognises: whether a path has it. watch: patterns of the files that the data
    depend on. digest: short digests of their content. write: write the four IDX files of images of the given height and
    width to a folder; returns the description. resizes: whether the images are fitted to this size.
    """

    title: str
    recognises: Callable[[Path], bool]
    watch: Callable[[Path], list[str]]
    digest: Callable[[Path], Mapping[str, str]]
    write: Callable[[Path, Path, tuple[int, int], Report], Description]
    resizes: bool = True


def _write_idx(source: Path, output: Path, shape: tuple[int, int], report: Report) -> Description:
    fetch(find_dataset(CUSTOM, source), output, report)
    return Description(CUSTOM, read_class_names(source))


def _write_folder(source: Path, output: Path, shape: tuple[int, int], report: Report) -> Description:
    return convert(CUSTOM, list_folder(source), output, shape, report)


def _write_tables(source: Path, output: Path, shape: tuple[int, int], report: Report) -> Description:
    return convert(CUSTOM, list_tables(source, shape), output, shape, report)


FORMS = (
    Form(
        "a folder with four IDX files",
        recognises=lambda path: any((path / f"{name}{suffix}").is_file() for name in FILES for suffix in ("", ".gz")),
        watch=lambda path: [str(Path(glob.escape(str(path)), "*"))],
        digest=digest_files,
        write=_write_idx,
        resizes=False,
    ),
    Form(
        "a CSV file, or a folder with train.csv",
        recognises=lambda path: bool(find_tables(path)),
        watch=watch_tables,
        digest=lambda path: {
            **{table.name: digest_file(table) for table in find_tables(path).values()},
            **digest_pictures(list_pictures(path)),
        },
        write=_write_tables,
    ),
    Form(
        "a folder with one folder of pictures for each class",
        recognises=has_class_folders,
        watch=watch_folder,
        digest=lambda path: digest_pictures(list_folder(path)),
        write=_write_folder,
    ),
)


def find_form(path: Path) -> Form:
    """Return the first form that the data at `path` have. Raises UsageError if they have none."""
    for form in FORMS:
        if form.recognises(path):
            return form
    problem = "is not a data set" if path.exists() else "does not exist"
    raise UsageError(f"{path} {problem}: give {', or '.join(form.title for form in FORMS)}")
