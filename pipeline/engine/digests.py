"""Digests of files."""

import hashlib
from pathlib import Path


def sha256(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal. Raises OSError if it cannot be read."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
