"""Files over HTTP, with the patience that a web server deserves and no more."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pooch
import requests
from tqdm import tqdm

from pipeline.engine.errors import PipelineError

CONNECT = 5  # seconds until a connection stands
ANSWER = 15  # seconds without a byte
GRACE = 20  # seconds after which a transfer must have reached
SLOWEST = 20_000  # this many bytes per second, on average
RETRIES = 2  # of a transfer that breaks off


class HttpError(PipelineError):
    """A web server did not give the files."""


def download(base: str, names: Sequence[str], folder: Path) -> None:
    """Put the files `base` + name into `folder`, with a progress bar on a terminal. Raises HttpError.

    A server that is not there is not asked twice; a transfer that breaks off is tried again.
    """
    pooch.get_logger().setLevel(logging.ERROR)
    try:
        for name in names:
            with tqdm(desc=name, unit="B", unit_scale=True, disable=None, leave=False) as bar:
                fetch = pooch.HTTPDownloader(progressbar=_Meter(bar), timeout=(CONNECT, ANSWER))
                if not fetch(base + name, None, None, check_only=True):
                    raise HttpError(f"it does not offer {name}")
                pooch.create(path=folder, base_url=base, registry={name: None}, retry_if_failed=RETRIES).fetch(
                    name, downloader=fetch
                )
    except requests.RequestException as error:
        raise HttpError(_reason(error)) from None


class _Meter:
    """What pooch tells of a transfer: shown as a bar, and ended if the transfer crawls."""

    def __init__(self, bar: "tqdm[NoReturn]") -> None:
        self._bar = bar
        self.total = 0

    @property
    def total(self) -> int:
        """The bytes to come; pooch sets it when a transfer begins, also when one begins again."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        self._total = total
        self.reset()

    def reset(self) -> None:
        self._began, self._arrived = time.monotonic(), 0
        self._bar.reset(self._total)

    def update(self, count: int) -> None:
        self._arrived += count
        self._bar.update(count)
        seconds = time.monotonic() - self._began
        if seconds > GRACE and self._arrived < SLOWEST * seconds:
            raise HttpError(f"slower than {SLOWEST // 1000} kB/s")

    def close(self) -> None:
        self._bar.close()


def _reason(error: requests.RequestException) -> str:
    """One phrase for what requests tells in a paragraph."""
    match error:
        case requests.ConnectTimeout():
            return f"no connection within {CONNECT} s"
        case requests.Timeout():
            return f"no answer within {ANSWER} s"
        case requests.exceptions.SSLError():
            return "its certificate is not accepted"
        case requests.exceptions.ProxyError():
            return "the proxy refuses"
        case requests.ConnectionError():
            return "no connection"
        case requests.exceptions.ChunkedEncodingError():
            return "the transfer broke off"
        case _:
            return str(error)
