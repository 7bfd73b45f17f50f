"""Download files over HTTP, with timeouts."""

import time
from collections.abc import Sequence
from pathlib import Path

import requests
from tqdm import tqdm

from pipeline.data.archive import MAX_BYTES
from pipeline.engine.errors import PipelineError

CONNECT_TIMEOUT = 5  # seconds, for each address of a server
READ_TIMEOUT = 10  # seconds until the first byte, and between two bytes
FILE_TIMEOUT = 600  # seconds for a whole file
CHUNK = 256  # bytes between two checks of the time; small, for slow servers


class HttpError(PipelineError):
    """A download failed."""


def download(base: str, names: Sequence[str], folder: Path) -> None:
    """Download the files `base` + name into `folder`, with a progress bar on a terminal. Raises HttpError.

    An interrupted transfer is retried once; a server that does not respond is not.
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
    end = time.monotonic() + FILE_TIMEOUT
    with requests.get(url, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response, open(path, "wb") as file:
        if response.status_code != requests.codes.ok:
            raise HttpError(f"{path.name} is not available (status {response.status_code})")
        total = response.raw.length_remaining  # None if unknown
        with tqdm(desc=path.name, total=total, unit="B", unit_scale=True, disable=None, leave=False) as bar:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > MAX_BYTES:
                    raise HttpError(f"{path.name} has more than {MAX_BYTES:,} bytes")
                if time.monotonic() > end:
                    raise HttpError(f"{path.name} takes longer than {FILE_TIMEOUT} s")


def _reason(error: requests.RequestException) -> str:
    if "Read timed out" in str(error):
        return f"no response within {READ_TIMEOUT:g} s"
    reasons = {
        requests.exceptions.ChunkedEncodingError: "the transfer was interrupted",
        requests.exceptions.SSLError: "its certificate is not accepted",
        requests.exceptions.ProxyError: "the proxy refuses the connection",
        requests.ConnectionError: "no connection",
    }
    return next((reason for kind, reason in reasons.items() if isinstance(error, kind)), str(error))
