"""A data set of four small files, and responses of web servers."""

import hashlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from pipeline.data.catalogue import Dataset, Source
from pipeline.data.dataset import FILES

PAYLOADS = {name: b"\0\0\x08\2\0\0\0\x64" + bytes([0, 0, 0, len(name)]) + name.encode() * 100 for name in FILES}
DIGESTS = {name: hashlib.sha256(body).hexdigest() for name, body in PAYLOADS.items()}
PAGE = b"<!DOCTYPE html><title>We have moved</title>"

Responder = Callable[[BaseHTTPRequestHandler, bytes], None]


def whole(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def missing(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_error(404)


def dataset(*sources: Source) -> Dataset:
    return Dataset("letters", sources, class_names=(), sha256=DIGESTS)


def ignore(line: str) -> None:
    pass


def assert_fetched(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == PAYLOADS
