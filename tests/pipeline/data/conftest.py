"""Web servers on this machine."""

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.data import http
from tests.pipeline.data.common import (
    PAYLOADS,
    Answer,
)


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Starts a web server that answers every request in the given way."""
    servers = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/").removesuffix(".gz")
                answer(self, gzip.compress(PAYLOADS[name]))

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


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between us and our servers, and the patience of a test."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(http, "ANSWER", 0.5)
    monkeypatch.setattr(http, "LONGEST", 1)
    monkeypatch.setattr(http, "MOST_BYTES", 4_000_000)
