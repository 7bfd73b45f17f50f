"""npm packages whose content is known."""

from dataclasses import dataclass


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
