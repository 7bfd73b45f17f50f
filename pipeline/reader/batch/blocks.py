"""Read many pictures in blocks, in parallel, on one or several machines.

A task carries the contents of the pictures of a block, and its result the copies with boxes, so workers need no shared
folder.
"""

import contextlib
import hashlib
import io
import itertools
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from pipeline.engine.threads import single_threaded_blas
from pipeline.pictures.decoding import PictureError, load_page, read_content, read_pages
from pipeline.reader.batch.boxes import encode_page, encode_with_boxes
from pipeline.reader.batch.folders import STDIN, PictureFile
from pipeline.reader.batch.readings import PageView, Reading, describe_result
from pipeline.reader.interface import Fields, Reader
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job

BLOCK_SIZE = 4  # pictures; so many pages of A4 take about ten seconds
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # beginnings of files that no browser shows
PICTURES_BYTES = 32_000_000  # after which a block ends, so that a few blocks of large pictures fit into memory

Content = bytes | Image.Image | PictureError  # of a file; a page, decoded; or why there is neither
Outcome = tuple[Reading, bytes | None]  # with the copy as PNG, if one is asked for


@dataclass(frozen=True)
class Request:
    """What to read in each picture.

    form: the fields to read, by default the whole picture. threads: the number of threads that read a picture, by
    default one per core. copies: whether to make copies with boxes. views: whether to make what the review
    page needs to show each picture.
    """

    reader: Reader
    copies: bool = False
    views: bool = False
    form: Fields | None = None
    threads: int | None = None


def read_pictures(
    request: Request, pictures: Sequence[PictureFile], backend: Backend | None
) -> Generator[list[Outcome], None, None]:
    """Yield the outcomes of each block of pictures, in order. Raises what `iterate_job` raises.

    backend: None if one picture is read after the other, by the threads of `request` and without Dask.
    """
    if backend is None:
        with single_threaded_blas():
            yield from (read_block(request, block) for block in _split_blocks(pictures, 1))
        return
    job = Job(read_block, replace(request, threads=1), _split_blocks(pictures, BLOCK_SIZE), ordered=True)
    with contextlib.closing(iterate_job(job, backend)) as blocks:
        for _, outcomes in blocks:
            yield outcomes


def _split_blocks(pictures: Sequence[PictureFile], size: int) -> Iterator[list[tuple[PictureFile, Content]]]:
    """Yield the pictures of each block and their contents."""
    block: list[tuple[PictureFile, Content]] = []
    total = 0
    for picture, content in zip(pictures, load_contents(pictures), strict=True):
        block.append((picture, content))
        total += _measure(content)
        if len(block) == size or total >= PICTURES_BYTES:
            yield block
            block, total = [], 0
    if block:
        yield block


def _measure(content: Content) -> int:
    """Return the size in memory, in bytes."""
    match content:
        case bytes():
            return len(content)
        case Image.Image():
            return 4 * content.width * content.height
        case PictureError():
            return 0


def load_contents(pictures: Sequence[PictureFile]) -> Iterator[Content]:
    """Yield the content of each picture; pages of one file are decoded together."""
    for path, group in itertools.groupby(pictures, key=lambda picture: picture.path):
        same = list(group)
        if same[0].page is None:
            yield from map(_load_content, same)
        else:
            yield from read_pages(Path(path), [(picture.page or 0, picture.shown) for picture in same])


def identify_pictures(pictures: Sequence[PictureFile]) -> Iterator[str]:
    """Yield the hash of the content of each picture, as its reading has it; "" if there is no content."""
    for content in load_contents(pictures):
        yield "" if isinstance(content, PictureError) else _identify(content)


def _load_content(picture: PictureFile) -> bytes | PictureError:
    source: Path | BinaryIO = Path(picture.path)
    if picture.path == STDIN:
        source = sys.stdin.buffer if sys.stdin else io.BytesIO()  # None if it is closed
    try:
        return read_content(source, picture.shown)
    except PictureError as error:
        return error


def read_block(request: Request, block: Sequence[tuple[PictureFile, Content]]) -> list[Outcome]:
    """Run one task."""
    return [read_picture(request, picture, content) for picture, content in block]


def read_picture(request: Request, picture: PictureFile, content: Content) -> Outcome:
    """Read a picture, and make its copy with boxes. An error is in the reading."""
    if isinstance(content, PictureError):
        return Reading(picture.name, str(content)), None
    reader = request.reader
    needs_image = request.views and (isinstance(content, Image.Image) or content.startswith(TIFF))
    try:
        page = load_page(to_source(content), picture.shown, colours=request.copies or needs_image)
        result = reader.read_page(page, picture.shown, request.threads, request.form)
        colours = page.colours and page.colours.rotate(-result.degrees, expand=True)
    except PictureError as error:
        return Reading(picture.name, str(error)), None
    view = None
    if request.views:
        image = encode_page(page.colours) if page.colours and needs_image else ""
        view = PageView(_name_source(picture), result.size, image)
    copy = encode_with_boxes(colours, result, reader.names) if colours and request.copies else None
    return replace(describe_result(result, picture.name, reader.names, view), id=_identify(content)), copy


def rename(reading: Reading, picture: PictureFile) -> Reading:
    """Return what was read in a picture of the same content, as that of this one."""
    view = reading.view and replace(reading.view, path=_name_source(picture))
    return replace(reading, file=picture.name, view=view)


def _name_source(picture: PictureFile) -> str:
    return picture.path if picture.page is None else picture.name


def _identify(content: bytes | Image.Image) -> str:
    """Return a hash of a picture, in hexadecimal."""
    body = content.tobytes() if isinstance(content, Image.Image) else content
    return hashlib.sha256(body).hexdigest()[:16]


def to_source(content: bytes | Image.Image) -> BinaryIO | Image.Image:
    """Return a content as `load_page` takes it."""
    return io.BytesIO(content) if isinstance(content, bytes) else content
