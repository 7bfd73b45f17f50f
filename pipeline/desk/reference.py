"""The reference page of a form: the page that its file names, or the first of a pile."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.desk.forms.form import Form, add_reference
from pipeline.engine.errors import UsageError
from pipeline.pictures.decoding import Page, PictureError, load_page
from pipeline.reader.batch.blocks import load_contents, to_source
from pipeline.reader.batch.folders import STDIN, PictureFile

OTHERS = 3  # pages that are tried, at most, until one shows what is printed on the reference page


def complete_form(form: Form, pictures: Sequence[PictureFile], before: Sequence[str] = ()) -> Form:
    """Return the form with its reference page: the page that it names, otherwise the first of the pictures.

    Another picture tells what is printed on it. Standard input cannot be read twice, and is not a reference page.
    before: names of pictures that earlier runs have read, which precede those that were added. Raises UsageError if the
    page cannot be read.
    """
    places = {name: place for place, name in enumerate(before)}
    pictures = sorted(pictures, key=lambda picture: places.get(picture.name, len(before)))
    page = _find_reference(form, pictures)
    if page.path == STDIN:
        return form
    (content,) = load_contents([page])
    try:
        if isinstance(content, PictureError):
            raise content
        others = _load_pages([each for each in pictures if each.path != STDIN and each != page][:OTHERS])
        return add_reference(form, to_source(content), page.shown, others=others)
    except PictureError as error:
        raise UsageError(
            f"{error}, so it cannot be the reference page: name another one with reference = in the form"
        ) from None


def _load_pages(pictures: Sequence[PictureFile]) -> Iterator[Page]:
    """Yield those of some pages that can be read."""
    for picture, content in zip(pictures, load_contents(pictures), strict=True):
        if not isinstance(content, PictureError):
            with contextlib.suppress(PictureError):
                yield load_page(to_source(content), picture.shown)


def _find_reference(form: Form, pictures: Sequence[PictureFile]) -> PictureFile:
    """Return the page that a form names: a file beside the form, otherwise a page of the pile; both as in scan.pdf#3.

    Raises UsageError if several pages of the pile have this name.
    """
    if not form.named:
        return pictures[0]
    file = form.path.parent / form.named
    path, _, page = str(file).rpartition("#")
    if page.isdecimal() and not file.exists():
        beside = PictureFile(path, Path(path), int(page) - 1)
    else:
        beside = PictureFile(str(file), file)
    if Path(beside.path).exists():
        return beside
    if not any(picture.path == STDIN or Path(picture.path).exists() for picture in pictures):
        raise UsageError(f"{pictures[0].shown} does not exist: check the path")
    parts = Path(form.named).parts
    found = [picture for picture in pictures if Path(picture.name).parts[-len(parts) :] == parts]
    if len(found) > 1:
        raise UsageError(
            f"the form names {form.named} as the reference page, but {found[0].shown} and {found[1].shown} have this "
            "name: write reference = with the folder too"
        )
    return found[0] if found else beside
