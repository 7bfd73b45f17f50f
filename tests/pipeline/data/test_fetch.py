"""Sources of a data set, mainly folders."""

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
from tests.pipeline.data.common import PAYLOADS, Responder, assert_fetched, dataset, ignore, missing


def test_error_lists_every_source_and_reason(
    tmp_path: Path, serve: Callable[[Responder], str], monkeypatch: pytest.MonkeyPatch
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
        Package("Debian", "letters", "usr/share/letters-not-installed"),
    )
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError) as raised:
        fetch(dataset(*sources), tmp_path / "out", ignore)
    message = str(raised.value)
    assert "\n" not in message
    for source, reason in zip(
        sources,
        [
            "no file train-images-idx3-ubyte or train-images-idx3-ubyte.gz",
            "no connection",
            "train-images-idx3-ubyte.gz is not available",
            "npm cannot be run",
            "apt-get cannot be run",
        ],
        strict=True,
    ):
        assert f"{source}: {reason}" in message


def test_files_in_a_folder_may_be_gzipped(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    for i, (name, body) in enumerate(PAYLOADS.items()):
        if i % 2:
            (source / name).write_bytes(body)
        else:
            (source / f"{name}.gz").write_bytes(gzip.compress(body))
    fetch(dataset(source), out, ignore)
    assert_fetched(out)


def test_wrong_digest_is_refused(tmp_path: Path) -> None:
    for name in FILES:
        idx.save(tmp_path / name, np.zeros(3, np.uint8))
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match="train-images-idx3-ubyte of letters has sha256 .*, expected "):
        fetch(dataset(tmp_path), tmp_path / "out", ignore)


def test_digest_of_the_gzip_file_is_checked(tmp_path: Path) -> None:
    packed = {name: gzip.compress(body, mtime=0) for name, body in PAYLOADS.items()}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in packed.items()}
    wanted = Dataset("letters", (tmp_path,), (), gzip_sha256=digests)
    for name, body in packed.items():
        (tmp_path / f"{name}.gz").write_bytes(body)
    out = tmp_path / "out"
    out.mkdir()
    fetch(wanted, out, ignore)
    assert_fetched(out)
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(PAYLOADS[FILES[0]], mtime=1))
    with pytest.raises(FetchError, match="of letters has sha256"):
        fetch(wanted, out, ignore)


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    for name, body in PAYLOADS.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(body)[:-9])
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match="its gzip data is damaged"):
        fetch(dataset(tmp_path), tmp_path / "out", ignore)


def test_truncated_custom_file_is_named(tmp_path: Path) -> None:
    for name in FILES:
        idx.save(tmp_path / name, np.zeros((5, 2, 2), np.uint8))
    path = tmp_path / FILES[2]
    path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match=f"{FILES[2]} is not a valid IDX file: .*19.* 20"):
        fetch(Dataset("mine", (tmp_path,), ()), tmp_path / "out", ignore)


def test_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.data.fetch.MAX_BYTES", 1 << 20)
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(b"\0\0\x08\1\0\x80\0\0" + bytes(1 << 23)))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(FetchError, match=f"{FILES[0]}.* contains more than 1,048,576 bytes"):
        fetch(dataset(tmp_path), out, ignore)
    assert not list(out.iterdir())


def test_full_disk_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.data.fetch._unpack", full)
    with pytest.raises(OSError, match="No space left"):
        fetch(SAMPLE, tmp_path, ignore)


def test_every_known_data_set_has_all_digests() -> None:
    for known in catalogue.DATASETS.values():
        assert set(known.sha256) == set(FILES) or set(known.gzip_sha256) == set(FILES)
        assert all(len(digest) == 64 for digest in [*known.sha256.values(), *known.gzip_sha256.values()])
        assert len(set(known.class_names)) == 10


def test_embedded_sample_is_complete(tmp_path: Path) -> None:
    fetch(SAMPLE, tmp_path, ignore)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 4 * 8 + 2 * 8 + 2500 * 785
