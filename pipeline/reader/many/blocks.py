"""Read many pictures in blocks, in parallel, on one or several machines.

A task carries the contents of the pictures of a block, and its result the copies with boxes, so workers need no shared
folder.
"""

import contextlib
import io
import itertools
import sys
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from pipeline.engine.threads import single_threaded_blas
from pipeline.pictures.decoding import PictureError, read_content, read_pages
from pipeline.reader.interface import Reader
from pipeline.reader.many.folders import STDIN, Picture
from pipeline.reader.pages.boxes import cut_rows, encode_with_boxes
from pipeline.reader.pages.reading import Result
from pipeline.reader.pages.regions import Region
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job

BLOCK_SIZE = 16  # pictures, which take about a second
BLOCK_BYTES = 32_000_000  # after which a block ends, so that a few blocks of large pictures fit into memory

Content = bytes | Image.Image | PictureError  # of a file; a page, decoded; or why there is neither
# What was read, the copy as PNG if one is asked for, and images of the rows, as data URIs, if they are.
Outcome = tuple[Result | PictureError, bytes | None, list[str]]


@dataclass(frozen=True)
class Request:
    """What to read in each picture.

    regions: the regions to read, by default the whole picture. threads: the number of threads that read a picture, by
    default one per core. copies, crops: whether to make copies with boxes, and images of the rows.
    """

    reader: Reader
    copies: bool = False
    crops: bool = False
    regions: Sequence[Region] = ()
    threads: int | None = None


def read_pictures(
    request: Request, pictures: Sequence[Picture], backend: Backend | None
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


def _split_blocks(pictures: Sequence[Picture], size: int) -> Iterator[list[tuple[str, Content]]]:
    """Yield the names, for messages, and the contents of the pictures of each block."""
    block: list[tuple[str, Content]] = []
    total = 0
    for picture, content in zip(pictures, _load_contents(pictures), strict=True):
        block.append((picture.shown, content))
        total += _measure(content)
        if len(block) == size or total >= BLOCK_BYTES:
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


def _load_contents(pictures: Sequence[Picture]) -> Iterator[Content]:
    for path, group in itertools.groupby(pictures, key=lambda picture: picture.path):
        same = list(group)
        if same[0].page is None:
            yield from map(_load_content, same)
        else:
            yield from read_pages(Path(path), [(picture.page or 0, picture.shown) for picture in same])


def _load_content(picture: Picture) -> bytes | PictureError:
    source: Path | BinaryIO = Path(picture.path)
    if picture.path == STDIN:
        source = sys.stdin.buffer if sys.stdin else io.BytesIO()  # None if it is closed
    try:
        return read_content(source, picture.shown)
    except PictureError as error:
        return error


def read_block(request: Request, block: Sequence[tuple[str, Content]]) -> list[Outcome]:
    """Run one task."""
    return [read_picture(request, name, content) for name, content in block]


def read_picture(request: Request, name: str, content: Content) -> Outcome:
    """Read a picture, and make its copy with boxes; return a PictureError instead of raising it."""
    if isinstance(content, PictureError):
        return content, None, []
    try:
        result = request.reader.read(_to_source(content), name, request.threads, regions=request.regions)
        copy, crops = None, list[str]()
        if request.copies:
            copy = encode_with_boxes(_to_source(content), name, result, request.reader.names)
        if request.crops:
            crops = cut_rows(_to_source(content), name, result)
        return result, copy, crops
    except PictureError as error:
        return error, None, []


def _to_source(content: bytes | Image.Image) -> BinaryIO | Image.Image:
    return io.BytesIO(content) if isinstance(content, bytes) else content
