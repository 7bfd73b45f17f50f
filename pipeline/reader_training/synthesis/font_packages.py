"""Handwriting fonts that are not in the repository, from the npm packages of Fontsource."""

import csv
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.sources.npm import Package, download_packages

IN_NO_KEY = "fetches files whose digests are in the parameters of the stage"

FONT_TABLE = Path(__file__).with_name("fonts.csv")
BATCH = 8  # packages for each call of npm


@dataclass(frozen=True)
class Font:
    """A font in the Latin script. licence: SPDX identifier."""

    name: str
    licence: str
    package: Package


def load_fonts() -> list[Font]:
    """Return the known fonts, in alphabetical order."""
    with open(FONT_TABLE, newline="", encoding="utf-8") as file:
        return [
            Font(
                row["name"], row["licence"], Package(f"@fontsource/{row['name']}", row["version"], path, row["sha256"])
            )
            for row in csv.DictReader(file)
            for path in [f"package/files/{row['name']}-latin-400-normal.woff"]
        ]


def fetch_fonts(fonts: list[Font], destination: Path, advance: Callable[[int], object]) -> None:
    """Write each font into `destination`, as NAME.woff. advance: called with the number of fonts just written.

    Raises FetchError as `download_packages` does; `destination` is then incomplete.
    """
    for start in range(0, len(fonts), BATCH):
        batch = fonts[start : start + BATCH]
        with tempfile.TemporaryDirectory(dir=destination) as scratch:
            paths = download_packages([font.package for font in batch], Path(scratch))
            for font, path in zip(batch, paths, strict=True):
                path.replace(destination / f"{font.name}.woff")
        advance(len(batch))
