"""Read many pictures in blocks, in parallel, on one or several machines.

A task contains the paths of the pictures of a block, or their contents if the workers cannot read the files. A task may
be repeated after the loss of a worker, so reading a picture again replaces its copy.
"""

import contextlib
import io
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pipeline.pictures.boxes import save_with_boxes
from pipeline.pictures.decoding import PictureError
from pipeline.reader import Reader, Result
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, Send
from pipeline.scheduling.run import iterate_job

BLOCK_SIZE = 16  # pictures, which take about a second


@dataclass(frozen=True)
class Request:
    """A picture to read. file: its name in results. name: the same, printable, for messages.

    copy: path of a copy with boxes, None if none is written. Paths are absolute, since workers may have other working
    directories. page: from 0, of a file whose pages are read one by one.
    """

    file: str
    name: str
    source: Path | BinaryIO
    copy: Path | None = None
    page: int | None = None


Item = Request | Result | PictureError  # of a task: a picture to read, or the result of one that was read already


@dataclass(frozen=True)
class Shared:
    """Arguments that all tasks share. must_see: whether the worker must see the files, and the folders of the copies.

    threads: number of threads that read a picture; None for one per core.
    """

    reader: Reader
    must_see: bool
    threads: int | None


def read_pictures(
    reader: Reader,
    requests: Sequence[Request],
    backend: Backend,
    report: Callable[[str], object] = lambda line: None,
) -> Generator[list[Result | PictureError], None, None]:
    """Yield the results of each block of requests, or their PictureErrors, in order. Raises what `iterate_job` raises.

    report: called with lines for the user.
    """
    threads = None if backend.scheduler in ("sync", "threads") else 1  # a reader reads one picture after the other
    shared = Shared(reader, backend.is_cluster and not backend.send_data, threads)
    job = Job(read_block, shared, _split_blocks(reader, requests, backend), report=report, ordered=True)
    with contextlib.closing(iterate_job(job, backend)) as blocks:
        for _, results in blocks:
            yield results


def _split_blocks(reader: Reader, requests: Sequence[Request], backend: Backend) -> Iterator[list[Item]]:
    size = 1 if backend.scheduler == "sync" else BLOCK_SIZE
    for start in range(0, len(requests), size):
        yield [_prepare(reader, request, backend) for request in requests[start : start + size]]


def _prepare(reader: Reader, request: Request, backend: Backend) -> Item:
    """Return the request for a worker, or the result of what only this process can read, such as standard input."""
    if not isinstance(request.source, Path) or not os.path.isfile(request.source):  # noqa: PTH113 - see find_pictures
        return read_picture(reader, request)  # its error, if the file is missing
    if backend.send_data:
        with contextlib.suppress(OSError):
            return replace(request, source=io.BytesIO(request.source.read_bytes()))
        return read_picture(reader, request)
    if backend.is_cluster and request.copy:
        request.copy.parent.mkdir(parents=True, exist_ok=True)
    return request


def read_block(shared: Shared, items: Sequence[Item], send: Send) -> list[Result | PictureError]:
    """Run one task. Raises FileNotFoundError if this worker does not see a file or folder that it needs."""
    if shared.must_see:
        for item in items:
            if isinstance(item, Request):
                _require(item)
    return [read_picture(shared.reader, item, shared.threads) if isinstance(item, Request) else item for item in items]


def _require(request: Request) -> None:
    for path in (request.source, request.copy and request.copy.parent):
        if isinstance(path, Path):
            path.stat()


def read_picture(reader: Reader, request: Request, threads: int | None = None) -> Result | PictureError:
    """Read a picture, and write its copy with boxes; return a PictureError instead of raising it."""
    try:
        result = reader.read(request.source, request.name, threads, request.page or 0)
        if request.copy:
            if not isinstance(request.source, Path):
                request.source.seek(0)
            _save_copy(reader, request, request.copy, result)
    except PictureError as error:
        return error
    return result


def _save_copy(reader: Reader, request: Request, copy: Path, result: Result) -> None:
    """Write the copy atomically: an earlier attempt at the same task may have been killed while it wrote it."""
    fresh = copy.with_name(f".{copy.name}.fresh")
    fresh.unlink(missing_ok=True)
    try:
        save_with_boxes(fresh, request.source, request.name, request.page or 0, result, reader.names)
        fresh.replace(copy)
    finally:
        fresh.unlink(missing_ok=True)
