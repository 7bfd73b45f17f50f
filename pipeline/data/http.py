"""Download files over HTTP, with timeouts."""

import time
from collections.abc import Sequence
from pathlib import Path

import requests
from tqdm import tqdm

from pipeline.data.archive import MOST_BYTES
from pipeline.engine.errors import PipelineError

CONNECT = 5  # seconds until a connection to one of a server's addresses stands
ANSWER = 10  # seconds until the first byte, and between one byte and the next
LONGEST = 600  # seconds that a file may take
PIECE = 256  # bytes after which the time is checked: a server may send one now and then


class HttpError(PipelineError):
    """A web server did not give the files."""


def download(base: str, names: Sequence[str], folder: Path) -> None:
    """Put the files `base` + name into `folder`, with a progress bar on a terminal. Raises HttpError.

    A transfer that breaks off is tried once more; a server that does not answer is not.
    """
    for name in names:
        try:
            try:
                _transfer(base + name, folder / name)
            except requests.exceptions.ChunkedEncodingError:
                _transfer(base + name, folder / name)
        except requests.RequestException as error:
            raise HttpError(_reason(error)) from None


def _transfer(url: str, path: Path) -> None:
    end = time.monotonic() + LONGEST
    with requests.get(url, stream=True, timeout=(CONNECT, ANSWER)) as response, open(path, "wb") as file:
        if response.status_code != requests.codes.ok:
            raise HttpError(f"it does not offer {path.name} (status {response.status_code})")
        total = response.raw.length_remaining  # None if the server does not tell
        with tqdm(desc=path.name, total=total, unit="B", unit_scale=True, disable=None, leave=False) as bar:
            for piece in response.iter_content(PIECE):
                file.write(piece)
                bar.update(len(piece))
                if file.tell() > MOST_BYTES:
                    raise HttpError(f"it gives more than {MOST_BYTES:,} bytes")
                if time.monotonic() > end:
                    raise HttpError(f"{path.name} takes longer than {LONGEST} s")


def _reason(error: requests.RequestException) -> str:
    """One phrase for what requests tells in a paragraph."""
    if "Read timed out" in str(error):
        return f"no answer within {ANSWER:g} s"
    reasons = {
        requests.exceptions.ChunkedEncodingError: "the transfer broke off",
        requests.exceptions.SSLError: "its certificate is not accepted",
        requests.exceptions.ProxyError: "the proxy refuses",
        requests.ConnectionError: "no connection",
    }
    return next((reason for kind, reason in reasons.items() if isinstance(error, kind)), str(error))
