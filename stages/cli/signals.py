"""SIGINT, SIGTERM and SIGHUP interrupt a command, which tidies up and ends with one line and status 130."""

import os
import signal
import sys
import time
from importlib.machinery import ExtensionFileLoader
from types import FrameType
from typing import Any, NoReturn

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)  # the last: see LATER
TIDYING = 5  # seconds in which a second signal is ignored
LATER = 0.05  # seconds until an interruption that was lost or postponed is raised

_asked = 0.0  # when a signal asked this process to stop, on the monotonic clock; 0 if none has


def take_signals() -> None:
    """Raise KeyboardInterrupt from here on when a signal comes that asks the process to stop and is not ignored."""
    for kind in STOPS:
        if signal.getsignal(kind) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(kind, _stop)
    sys.unraisablehook = _repeat_lost


def is_asked_to_stop() -> bool:
    """Return whether such a signal has come, even if a library has caught the interruption."""
    return _asked > 0


def end(status: int) -> NoReturn:
    """End the process. A signal from here on ends it at once, even where Python waits for a thread."""
    for kind in STOPS:
        if signal.getsignal(kind) is _stop:
            signal.signal(kind, lambda *_: os._exit(status))
    sys.exit(status)


def _stop(kind: int, frame: FrameType | None) -> None:
    global _asked
    now = time.monotonic()
    if kind != signal.SIGALRM and _asked and now < _asked + TIDYING:
        return
    _asked = now
    if _loads_compiled(frame):
        signal.setitimer(signal.ITIMER_REAL, LATER)
    else:
        raise KeyboardInterrupt


def _loads_compiled(frame: FrameType | None) -> bool:
    """Return whether a compiled module is being loaded. An exception then crashes onnx and Matplotlib's ft2font."""
    while frame and not isinstance(frame.f_locals.get("self"), ExtensionFileLoader):
        frame = frame.f_back
    return frame is not None


def _repeat_lost(lost: Any) -> None:
    """Python drops an exception that is raised in a destructor. Repeat an interruption; print anything else."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, LATER)
    else:
        sys.__unraisablehook__(lost)
