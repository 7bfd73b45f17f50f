"""Functions that workers, in whatever process, find by their names."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.jobs import Tell


def nothing(shared: None, task: int, tell: Tell) -> None:
    pass


def multiply(shared: int, task: int, tell: Tell) -> int:
    return shared * task


def tell_process(shared: Any, task: int, tell: Tell) -> int:
    tell({"task": task, "process": os.getpid()})
    return os.getpid()


def fail(shared: Any, task: int, tell: Tell) -> None:
    raise PipelineError(f"task {task} will not do")


def die(shared: Any, task: int, tell: Tell) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def linger(shared: str, task: int, tell: Tell) -> None:
    Path(shared, str(os.getpid())).touch()
    time.sleep(60)


def chatter(shared: Any, task: int, tell: Tell) -> None:
    """Tell for ever; but task 0 fails, when another has begun."""
    if task == 0:
        time.sleep(0.3)
        raise PipelineError("task 0 will not do")
    while True:
        tell(task)
        time.sleep(0.01)


def divide(shared: int, task: int, tell: Tell) -> float:
    return task / shared


def read(shared: str, task: int, tell: Tell) -> bytes:
    return Path(shared).read_bytes()


def doze(shared: float, task: int, tell: Tell) -> int:
    time.sleep(shared)
    return task


def survive_ctrl_c(shared: Any, task: int, tell: Tell) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.5)  # for the thread that would be interrupted by it, which is another one
    return os.getpid()


def count_threads(shared: Any, task: int, tell: Tell) -> list[int]:
    """Of each library for matrix products."""
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


class Luggage:
    """Counts in how many pieces it has arrived in this process."""

    arrivals = 0

    def __setstate__(self, state: dict[str, Any]) -> None:
        Luggage.arrivals += 1

    def __getstate__(self) -> dict[str, Any]:
        return {"weight": 1}


def count_arrivals(shared: Luggage, task: int, tell: Tell) -> int:
    time.sleep(0.05)  # an idle worker may give its luggage away
    return shared.arrivals
