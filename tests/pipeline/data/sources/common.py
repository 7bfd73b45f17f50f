"""A data set of four small files."""

import hashlib
from pathlib import Path

from pipeline.data.dataset import FILES
from pipeline.data.sources.catalogue import DataSource, KnownDataset

PAYLOADS = {name: b"\0\0\x08\2\0\0\0\x64" + bytes([0, 0, 0, len(name)]) + name.encode() * 100 for name in FILES}
DIGESTS = {name: hashlib.sha256(body).hexdigest() for name, body in PAYLOADS.items()}


def dataset(*sources: DataSource) -> KnownDataset:
    return KnownDataset("letters", sources, class_names=(), sha256=DIGESTS)


def assert_fetched(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == PAYLOADS
