"""List the pictures of a data set, before any of them is decoded."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TRAIN, TEST = "train", "test"  # parts, and names of folders and CSV files
DIGEST_LENGTH = 16


@dataclass(frozen=True, eq=False)
class Item:
    """A picture. part: TRAIN or TEST. source: a file, or grey levels, uint8 (h, w). name: for messages."""

    part: str
    label: str
    source: Path | NDArray[np.uint8]
    name: str


@dataclass(frozen=True, eq=False)
class Listing:
    """All pictures of a data set. empty: folders of classes without pictures."""

    items: tuple[Item, ...]
    empty: tuple[str, ...] = ()


def digest_pictures(listing: Listing) -> dict[str, str]:
    """Return a short digest of the names and the contents of the picture files of each class of each part."""
    digests = {f"empty {name}": hashlib.sha256() for name in listing.empty}
    for item in listing.items:
        if isinstance(item.source, Path):
            digest = digests.setdefault(f"{item.part}/{item.label}", hashlib.sha256())
            digest.update(f"{item.source.name}\0{digest_file(item.source)}\0".encode(errors="surrogateescape"))
    return {name: digest.hexdigest()[:DIGEST_LENGTH] for name, digest in digests.items()}


def digest_file(path: Path) -> str:
    """Return a short digest of a file; "" if it cannot be read, which the conversion then reports with the reason."""
    try:
        with open(path if path.is_file() else "", "rb") as file:  # opening a pipe may block forever
            return hashlib.file_digest(file, "sha256").hexdigest()[:DIGEST_LENGTH]
    except OSError:
        return ""


def sort_naturally(names: Iterable[str]) -> list[str]:
    """Return the names in an order in which 2 comes before 10."""

    def split(name: str) -> tuple[list[str | int], str]:
        return [int(part) if index % 2 else part for index, part in enumerate(re.split(r"(\d+)", name))], name

    return sorted(names, key=split)
