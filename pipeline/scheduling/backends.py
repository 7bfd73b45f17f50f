"""Backends in which Dask runs the tasks of a job."""

import re
from dataclasses import dataclass

from pipeline.engine.errors import UsageError

LOCAL = ("threads", "processes")
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://\S+:\d+")
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"


@dataclass(frozen=True)
class Backend:
    """A scheduler of Dask, and its number of workers.

    scheduler: one of LOCAL, or the address of a Dask scheduler. workers: number of tasks that a LOCAL scheduler runs at
    once; by default the number of usable cores. Raises UsageError if they are not valid or exclude each other.
    """

    scheduler: str = "threads"
    workers: int | None = None

    def __post_init__(self) -> None:
        check_scheduler(self.scheduler)
        if self.workers is not None and self.is_cluster:
            raise UsageError("the workers of a cluster are started separately: leave --workers out")

    @property
    def is_cluster(self) -> bool:
        """Whether the scheduler is external, not started by this process."""
        return self.scheduler not in LOCAL


def check_scheduler(scheduler: str) -> str:
    """Return the argument unchanged. Raises UsageError if it is not in LOCAL and not an address."""
    if scheduler not in LOCAL and not ADDRESS.fullmatch(scheduler):
        raise UsageError(f"'{scheduler}' is not one of {', '.join(LOCAL)}, nor an address such as tcp://HOST:8786")
    return scheduler
