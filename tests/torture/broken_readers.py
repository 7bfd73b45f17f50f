"""Readers with one fault each, to test that the fuzzer finds it."""

import os
import signal
import sys
import time
from collections.abc import Callable

from tests.torture.fuzz import work
from tests.torture.targets import Target

ALLOCATED: list[bytearray] = []


def raise_error() -> None:
    raise ZeroDivisionError


def give_wrong_output() -> None:
    raise AssertionError


def hang() -> None:
    time.sleep(1000)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def allocate() -> None:
    if not ALLOCATED:
        ALLOCATED.append(bytearray(b"a") * 400_000_000)


def reader(fault: Callable[[], object]) -> Target:
    def check(body: bytes) -> bool:
        if b"\xff" in body:
            fault()
        return body.startswith(b"whole")

    return Target(check, lambda: [b"whole", b"broken"], words=(b"whole",))


FAULTS = (raise_error, give_wrong_output, hang, die, allocate)
READERS = {fault.__name__: reader(fault) for fault in FAULTS} | {"correct": reader(lambda: None)}

if __name__ == "__main__":
    work(sys.argv[2:], lambda: READERS)
