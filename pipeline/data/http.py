"""Files over HTTP, with the patience that a web server deserves and no more."""

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pooch
import requests
import urllib3
from tqdm import tqdm

from pipeline.data.archive import MOST_BYTES
from pipeline.engine.errors import PipelineError

CONNECT = 5  # seconds until a connection to one of a server's addresses stands
ANSWER = 10  # seconds until the first byte, and between one byte and the next
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
    for name in names:
        with tqdm(desc=name, unit="B", unit_scale=True, disable=None, leave=False) as bar:
            _Transfer(base, name, folder, bar).run()


class _Transfer:
    """One file on its way, and somebody who watches it.

    Timeouts of sockets are for one address and one read each; a server with many addresses, or one that sends a
    byte now and then, would outlast them all. So the transfer has a thread of its own, which is left to itself
    when it takes too long. As pooch's progress bar, it is told how far the transfer is.
    """

    def __init__(self, base: str, name: str, folder: Path, bar: "tqdm[NoReturn]") -> None:
        self._base, self._name, self._folder, self._bar = base, name, folder, bar
        self._fetch_url = pooch.HTTPDownloader(progressbar=self, timeout=(CONNECT, ANSWER))
        self._error: BaseException | None = None
        self._abandoned = False
        self.total = 0

    def run(self) -> None:
        thread = threading.Thread(target=self._fetch, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.05)
            began, arrived = self._progress
            seconds = time.monotonic() - began
            silent = arrived == 0 and seconds > ANSWER
            if silent or (arrived < SLOWEST * seconds and seconds > GRACE):
                self._abandoned = True
                raise HttpError(f"no answer within {ANSWER:g} s" if silent else f"slower than {SLOWEST // 1000} kB/s")
        if isinstance(self._error, requests.RequestException):
            raise HttpError(_reason(self._error)) from None
        if self._error is not None:
            raise self._error

    def _fetch(self) -> None:
        try:
            if not self(self._base + self._name, None, None, check_only=True):
                raise HttpError(f"it does not offer {self._name}")
            registry = {self._name: None}
            pooch.create(self._folder, self._base, registry=registry, retry_if_failed=RETRIES).fetch(
                self._name, downloader=self
            )
        except BaseException as error:  # it is raised again where somebody waits for it
            self._error = error

    def __call__(self, url: str, output: Any, source: Any, check_only: bool = False) -> Any:
        """What pooch calls for every attempt, which has a clock of its own."""
        self.reset()
        self._stop_if_abandoned()
        return self._fetch_url(url, output, source, check_only=check_only)

    def _stop_if_abandoned(self) -> None:
        if self._abandoned:
            raise HttpError("nobody waits for it any more")  # which pooch, unlike its own errors, does not retry

    @property
    def total(self) -> int:
        """The bytes to come; pooch sets it when a transfer begins, also when one begins again."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        self._total = total
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        self._progress = (time.monotonic(), 0)  # in one piece, as another thread reads it
        self._bar.reset(self._total)

    def update(self, count: int) -> None:
        """So many bytes more have come."""
        self._stop_if_abandoned()
        began, arrived = self._progress
        if arrived + count > MOST_BYTES:
            raise HttpError(f"it gives more than {MOST_BYTES:,} bytes")
        self._progress = (began, arrived + count)
        self._bar.update(count)

    def close(self) -> None:
        """No more will come."""
        self._bar.close()


def _reason(error: requests.RequestException) -> str:
    """One phrase for what requests tells in a paragraph."""
    cause = error.args[0] if error.args else None
    match error:
        case requests.ConnectTimeout():
            return f"no connection within {CONNECT:g} s"
        case requests.exceptions.SSLError():
            return "its certificate is not accepted"
        case requests.exceptions.ProxyError():
            return "the proxy refuses"
        case requests.exceptions.ChunkedEncodingError():
            return "the transfer broke off"
        case requests.Timeout():
            return f"no answer within {ANSWER:g} s"
        case requests.ConnectionError() if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
            return f"no answer within {ANSWER:g} s"
        case requests.ConnectionError():
            return "no connection"
        case _:
            return str(error)
