"""Mirrors as they come: good ones, dead ones, slow ones, and those that lie."""

import contextlib
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pipeline.data import http
from pipeline.data.dataset import FILES
from pipeline.data.fetch import fetch
from tests.pipeline.data.common import PAGE, Answer, assert_fetched, dataset, missing, silently, whole


def page(request: BaseHTTPRequestHandler, body: bytes) -> None:
    whole(request, PAGE)


def silent(request: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(1)


def promise(request: BaseHTTPRequestHandler, size: int) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(size))
    request.end_headers()


def crawling(request: BaseHTTPRequestHandler, body: bytes) -> None:
    """Never silent for long enough to time out."""
    promise(request, 1_000_000_000)
    with contextlib.suppress(OSError):  # the client has gone
        for _ in range(60):
            request.wfile.write(bytes(http.PIECE))
            time.sleep(0.05)


def stalling(request: BaseHTTPRequestHandler, body: bytes) -> None:
    promise(request, 1_000_000)
    request.wfile.write(bytes(200_000))
    time.sleep(1)


def endless(request: BaseHTTPRequestHandler, body: bytes) -> None:
    promise(request, 1 << 40)
    with contextlib.suppress(OSError):  # the client has gone
        for _ in range(100):
            request.wfile.write(bytes(1_000_000))


class BreakingOff:
    """Sends half of what it promised, the first time that it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        self.times += 1
        if self.times == 1:
            promise(request, len(body))
            request.wfile.write(body[: len(body) // 2])
            request.close_connection = True
        else:
            whole(request, body)


def test_a_mirrors_files_arrive_unpacked_and_nothing_else_stays(tmp_path: Path, serve: Callable[[Answer], str]) -> None:
    mirror = serve(whole)
    assert fetch(dataset(mirror), tmp_path, silently) == mirror
    assert_fetched(tmp_path)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (missing, "it does not offer train-images-idx3-ubyte.gz"),
        (page, "train-images-idx3-ubyte is a web page, not letters's"),
        (silent, "no answer within 0.5 s"),
        (crawling, "train-images-idx3-ubyte.gz takes longer than 1 s"),
        (stalling, "no answer within 0.5 s"),
        (endless, "it gives more than 4,000,000 bytes"),
    ],
)
def test_a_bad_mirror_is_a_reason_to_try_the_next(
    answer: Answer, reason: str, tmp_path: Path, serve: Callable[[Answer], str]
) -> None:
    bad, good = serve(answer), serve(whole)
    tried: list[str] = []
    assert fetch(dataset(bad, good), tmp_path, tried.append) == good
    assert_fetched(tmp_path)
    assert tried[0] == f"letters from {bad}"
    assert tried[1].startswith(f"{bad}: {reason}")
    assert tried[2] == f"letters from {good}"


def test_a_transfer_that_breaks_off_is_tried_again(tmp_path: Path, serve: Callable[[Answer], str]) -> None:
    breaking = BreakingOff()
    fetch(dataset(serve(breaking)), tmp_path, silently)
    assert_fetched(tmp_path)
    assert breaking.times == len(FILES) + 1
