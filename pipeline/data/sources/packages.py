"""npm packages whose content is known."""

from dataclasses import dataclass


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
