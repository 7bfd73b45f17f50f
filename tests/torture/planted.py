"""Readers with a fault each, for the tests of the harness: what it cannot find here, it would not find elsewhere."""

import os
import signal
import sys
import time
from collections.abc import Callable

from tests.torture.fuzz import work
from tests.torture.targets import Target

EATEN: list[bytearray] = []


def raise_error() -> None:
    raise ZeroDivisionError


def give_wrong_output() -> None:
    raise AssertionError


def hang() -> None:
    time.sleep(1000)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def eat() -> None:
    if not EATEN:
        EATEN.append(bytearray(b"a") * 400_000_000)


def planted(fault: Callable[[], object]) -> Target:
    def check(body: bytes) -> bool:
        if b"\xff" in body:
            fault()
        return body.startswith(b"whole")

    return Target(check, lambda: [b"whole", b"broken"], words=(b"whole",))


FAULTS = (raise_error, give_wrong_output, hang, die, eat)
PLANTED = {fault.__name__: planted(fault) for fault in FAULTS} | {"sound": planted(lambda: None)}

if __name__ == "__main__":
    work(sys.argv[2:], lambda: PLANTED)
