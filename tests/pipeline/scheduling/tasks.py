"""Module-level functions, so that worker processes can import them."""

import math
import os
import signal
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from pipeline.engine.errors import PipelineError

PAUSE = 0.02  # seconds from a task to the next one of a worker that has waited for it


def do_nothing(shared: None, task: int) -> None:
    pass


def multiply(shared: int, task: int) -> int:
    return shared * task


def count_modes(shared: Any, task: int) -> int:
    from PIL import Image

    return len(Image.MODES)


def find_process(shared: Any, task: int) -> int:
    return os.getpid()


def fail(shared: Any, task: int) -> None:
    raise PipelineError(f"task {task} failed")


def kill_itself(shared: Any, task: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_long(shared: str, task: int) -> None:
    Path(shared, str(os.getpid())).touch()
    time.sleep(60)


def divide(shared: int, task: int) -> float:
    return task / shared


def read(shared: str, task: int) -> bytes:
    return Path(shared).read_bytes()


def sleep(shared: float, task: int) -> int:
    time.sleep(shared)
    return task


def send_itself_ctrl_c(shared: Any, task: int) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.5)  # until the main thread would be interrupted
    return os.getpid()


def count_blas_threads(shared: Any, task: int) -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


class CountedUnpickling:
    """Counts how often an instance is unpickled in this process, and the pauses between tasks."""

    count = 0
    pauses = 0
    ended = math.inf  # time of the last task

    def __setstate__(self, state: dict[str, Any]) -> None:
        CountedUnpickling.count += 1

    def __getstate__(self) -> dict[str, Any]:
        return {"weight": 1}


def count_unpicklings(shared: CountedUnpickling, task: int) -> tuple[int, int]:
    """Return how often shared data came, and how often this worker was idle, and so may have dropped them."""
    CountedUnpickling.pauses += time.monotonic() - CountedUnpickling.ended > PAUSE
    time.sleep(0.05)
    CountedUnpickling.ended = time.monotonic()
    return shared.count, shared.pauses


def sleep_each(shared: dict[int, float], task: int) -> int:
    time.sleep(shared.get(task, 0))
    return task


begun: list[int] = []  # tasks of `record` in this process


def record(shared: Any, task: int) -> None:
    begun.append(task)
    time.sleep(0.02)


def copy(shared: Any, task: bytes) -> bytes:
    return bytes(len(task))
