"""How a command is stopped: by an interruption, raised where it can be borne, and none any more when all is done."""

import atexit
import os
import signal
import sys
from importlib.machinery import ExtensionFileLoader
from types import FrameType
from typing import Any, NoReturn

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LATER = (0.01, 0.5)  # seconds until an interruption that could not be borne comes again, and between all further tries

_asked = False  # whether a signal has asked this process to stop
_due = False  # whether the alarm is to interrupt
_over = False  # whether only the end is left to do


def take_signals() -> None:
    """From here on, who is asked to stop is interrupted, to tidy up first."""
    global _asked, _due, _over
    _asked = _due = _over = False
    for kind in STOPS:
        if signal.getsignal(kind) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(kind, _stop)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _look_what_is_lost


def is_asked_to_stop() -> bool:
    """Whether a signal has come that asks for it, whatever has become of the interruption."""
    return _asked


def hear_no_more() -> None:
    """From here on, an interruption would only keep the command from telling how it has ended."""
    global _over
    _over = True


def leave(status: int) -> NoReturn:
    """End the process with this status. A signal hastens it: Python waits for threads, and one of them may be stuck."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    ours = [kind for kind in STOPS if signal.getsignal(kind) is _stop]
    for kind in ours:
        signal.signal(kind, lambda kind, frame: os._exit(status))
    # when Python's own handlers are gone, a signal would be the end before the end
    atexit.register(lambda: [signal.signal(kind, signal.SIG_IGN) for kind in ours])
    sys.exit(status)


def _stop(kind: int, frame: FrameType | None) -> None:
    global _asked, _due
    if _over or (kind == signal.SIGALRM and not _due):
        return
    _asked = True
    if _loads_compiled(frame):
        _hear_again()
        return
    if _due:
        _due = False
        signal.setitimer(signal.ITIMER_REAL, 0)
    signal.default_int_handler(kind, frame)


def _loads_compiled(frame: FrameType | None) -> bool:
    """Whether a compiled module is being loaded: some, in C++, abort the whole process if an exception comes then."""
    while frame is not None:
        loads = frame.f_code.co_name in ("create_module", "exec_module")
        if loads and isinstance(frame.f_locals.get("self"), ExtensionFileLoader):
            return True
        frame = frame.f_back
    return False


def _look_what_is_lost(lost: Any) -> None:
    """What Python has to drop, since it came while something was being cleared away, may be an interruption."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        _hear_again()
    else:
        sys.__unraisablehook__(lost)


def _hear_again() -> None:
    """Be interrupted a moment later."""
    global _due
    _due = True
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, *LATER)
