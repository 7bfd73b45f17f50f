"""SIGINT, SIGTERM and SIGHUP interrupt a command: it cleans up, prints one line and exits with status 130."""

import os
import signal
import sys
import time
from importlib.machinery import ExtensionFileLoader
from types import FrameType
from typing import Any, NoReturn

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)  # SIGALRM: see RETRY_DELAY
CLEANUP_TIME = 5  # seconds in which a second signal is ignored
RETRY_DELAY = 0.05  # seconds until an interruption that was lost or postponed is raised

_stop_time = 0.0  # monotonic time of the last stop signal; 0 before the first


def install_handlers() -> None:
    """Raise KeyboardInterrupt on every stop signal that is not ignored."""
    for kind in STOPS:
        if signal.getsignal(kind) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(kind, _stop)
    sys.unraisablehook = _repeat_lost


def stop_requested() -> bool:
    """Return whether a stop signal has arrived, even if a library has caught the KeyboardInterrupt."""
    return _stop_time > 0


def end(status: int) -> NoReturn:
    """Exit with this status. Later signals end the process at once, even while Python waits for a thread."""
    for kind in STOPS:
        if signal.getsignal(kind) is _stop:
            signal.signal(kind, lambda *_: os._exit(status))
    sys.exit(status)


def _stop(kind: int, frame: FrameType | None) -> None:
    global _stop_time
    now = time.monotonic()
    if kind != signal.SIGALRM and _stop_time and now < _stop_time + CLEANUP_TIME:
        return
    _stop_time = now
    if _loads_extension(frame):
        signal.setitimer(signal.ITIMER_REAL, RETRY_DELAY)
    else:
        raise KeyboardInterrupt


def _loads_extension(frame: FrameType | None) -> bool:
    """Return whether an extension module is being loaded. An exception would crash some of them."""
    while frame and not isinstance(frame.f_locals.get("self"), ExtensionFileLoader):
        frame = frame.f_back
    return frame is not None


def _repeat_lost(lost: Any) -> None:
    """Raise an interruption again that Python dropped because it was raised in a destructor; print other exceptions."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, RETRY_DELAY)
    else:
        sys.__unraisablehook__(lost)
