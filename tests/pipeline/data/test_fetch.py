"""Sources of a data set, and folders among them."""

import gzip
import hashlib
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import catalogue, idx
from pipeline.data.catalogue import SAMPLE, Dataset, Package
from pipeline.data.dataset import FILES
from pipeline.data.fetch import FetchError, fetch
from tests.pipeline.data.common import (
    PAYLOADS,
    Answer,
    assert_fetched,
    dataset,
    missing,
    silently,
)


def test_the_last_error_has_every_source_and_its_reason(
    tmp_path: Path, serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    monkeypatch.setenv("PATH", str(tmp_path))
    sources = (
        tmp_path / "nowhere",
        closed,
        serve(missing),
        Package("npm", "letters", "package", "1.0.0"),
        Package("Debian", "letters", "usr/share/letters-that-are-not-installed"),
    )
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError) as raised:
        fetch(dataset(*sources), tmp_path / "out", silently)
    message = str(raised.value)
    assert "\n" not in message
    for source, reason in zip(
        sources,
        [
            "it has no train-images-idx3-ubyte, nor train-images-idx3-ubyte.gz",
            "no connection",
            "it does not offer",
            "npm cannot be run",
            "apt-get cannot be run",
        ],
        strict=True,
    ):
        assert f"{source}: {reason}" in message


def test_a_folders_files_may_be_gzipped_or_not(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    for number, (name, body) in enumerate(PAYLOADS.items()):
        if number % 2:
            (source / name).write_bytes(body)
        else:
            (source / f"{name}.gz").write_bytes(gzip.compress(body))
    fetch(dataset(source), out, silently)
    assert_fetched(out)


def test_files_of_another_set_are_refused(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes(b"something else")
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match="train-images-idx3-ubyte is sha256 .* not the .* of letters's"):
        fetch(dataset(tmp_path), tmp_path / "out", silently)


def test_where_only_the_packed_files_digest_is_known_that_is_held_against_it(tmp_path: Path) -> None:
    packed = {name: gzip.compress(body, mtime=0) for name, body in PAYLOADS.items()}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in packed.items()}
    wanted = Dataset("letters", (tmp_path,), (), gzip_sha256=digests)
    for name, body in packed.items():
        (tmp_path / f"{name}.gz").write_bytes(body)
    out = tmp_path / "out"
    out.mkdir()
    fetch(wanted, out, silently)
    assert_fetched(out)
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(PAYLOADS[FILES[0]], mtime=1))
    with pytest.raises(FetchError, match="of letters's"):
        fetch(wanted, out, silently)


def test_damaged_gzip_in_a_folder_is_named(tmp_path: Path) -> None:
    for name, body in PAYLOADS.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(body)[:-9])
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match="its gzip is damaged"):
        fetch(dataset(tmp_path), tmp_path / "out", silently)


def test_a_file_of_ones_own_data_that_is_cut_short_is_named(tmp_path: Path) -> None:
    for name in FILES:
        idx.save(tmp_path / name, np.zeros((5, 2, 2), np.uint8))
    path = tmp_path / FILES[2]
    path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match=f"{FILES[2]} is no IDX file: .*19.* 20"):
        fetch(Dataset("mine", (tmp_path,), ()), tmp_path / "out", silently)


def test_a_file_that_unpacks_to_more_than_any_known_set_has_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.data.fetch.MOST_BYTES", 1 << 20)
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(bytes(1 << 23)))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(FetchError, match=f"{FILES[0]}.* holds more than 1,048,576 bytes"):
        fetch(dataset(tmp_path), out, silently)
    assert not list(out.iterdir())


def test_a_full_disk_is_not_blamed_on_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.data.fetch._unpack", full)
    with pytest.raises(OSError, match="No space left"):
        fetch(SAMPLE, tmp_path, silently)


def test_every_known_set_has_a_digest_for_each_file() -> None:
    for known in catalogue.DATASETS.values():
        assert set(known.sha256) == set(FILES) or set(known.gzip_sha256) == set(FILES)
        assert all(len(digest) == 64 for digest in [*known.sha256.values(), *known.gzip_sha256.values()])
        assert len(set(known.class_names)) == 10


def test_the_embedded_sample_is_whole(tmp_path: Path) -> None:
    fetch(SAMPLE, tmp_path, silently)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 4 * 8 + 2 * 8 + 2500 * 785
