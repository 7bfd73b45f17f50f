"""Downloads from working, missing, slow and wrong mirrors."""

import contextlib
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pipeline.data import http
from pipeline.data.dataset import FILES
from pipeline.data.fetch import fetch
from tests.pipeline.data.common import PAGE, Responder, assert_fetched, dataset, ignore, missing, whole


def page(request: BaseHTTPRequestHandler, body: bytes) -> None:
    whole(request, PAGE)


def silent(request: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(1)


def send_header(request: BaseHTTPRequestHandler, size: int) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(size))
    request.end_headers()


def slow(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Send a few bytes at a time, within the read timeout."""
    send_header(request, 1_000_000_000)
    with contextlib.suppress(OSError):  # the client closed the connection
        for _ in range(60):
            request.wfile.write(bytes(http.CHUNK))
            time.sleep(0.05)


def stalled(request: BaseHTTPRequestHandler, body: bytes) -> None:
    send_header(request, 1_000_000)
    request.wfile.write(bytes(200_000))
    time.sleep(1)


def endless(request: BaseHTTPRequestHandler, body: bytes) -> None:
    send_header(request, 1 << 40)
    with contextlib.suppress(OSError):  # the client closed the connection
        for _ in range(100):
            request.wfile.write(bytes(1_000_000))


class Interrupted:
    """Send only half of the first response."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        self.requests += 1
        if self.requests == 1:
            send_header(request, len(body))
            request.wfile.write(body[: len(body) // 2])
            request.close_connection = True
        else:
            whole(request, body)


def test_files_arrive_uncompressed_without_leftovers(tmp_path: Path, serve: Callable[[Responder], str]) -> None:
    mirror = serve(whole)
    assert fetch(dataset(mirror), tmp_path, ignore) == mirror
    assert_fetched(tmp_path)


@pytest.mark.parametrize(
    ("respond", "reason"),
    [
        (missing, "train-images-idx3-ubyte.gz is not available"),
        (page, "train-images-idx3-ubyte.gz is not a valid IDX file: it starts with b'<!DO'"),
        (silent, "no response within 0.5 s"),
        (slow, "train-images-idx3-ubyte.gz takes longer than 1 s"),
        (stalled, "no response within 0.5 s"),
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
    assert reported[0] == f"letters from {bad}"
    assert reported[1].startswith(f"{bad}: {reason}")
    assert reported[2] == f"letters from {good}"


def test_interrupted_transfer_is_retried(tmp_path: Path, serve: Callable[[Responder], str]) -> None:
    interrupted = Interrupted()
    fetch(dataset(serve(interrupted)), tmp_path, ignore)
    assert_fetched(tmp_path)
    assert interrupted.requests == len(FILES) + 1
