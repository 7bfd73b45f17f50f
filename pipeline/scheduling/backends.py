"""The backends where the tasks of a job can be done."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.errors import UsageError

LOCAL = ("threads", "processes", "sync", "distributed")
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://\S+:\d+")
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"


@dataclass(frozen=True)
class Backend:
    """scheduler: one of LOCAL, or the address of a Dask scheduler, or "" if it stands in scheduler_file.

    workers: how many tasks at once, of a scheduler in LOCAL; by default as many as this process may use cores. ship:
    the workers may not see the files that this process sees, so what is in them goes along with the tasks.
    """

    scheduler: str = "threads"
    workers: int | None = None
    scheduler_file: Path | None = None
    ship: bool = False

    @property
    def is_cluster(self) -> bool:
        """Whether others have started it."""
        return self.scheduler not in LOCAL


SYNC = Backend("sync")


def find_backend(
    scheduler: str, workers: int | None = None, scheduler_file: Path | None = None, ship: bool = False
) -> Backend:
    """The backend that a command line describes. Raises UsageError if there can be no such backend."""
    check_scheduler(scheduler)
    if scheduler_file is not None:
        scheduler = ""
    backend = Backend(scheduler, workers, scheduler_file, ship)
    if ship and not backend.is_cluster:
        raise UsageError("data are shipped to the workers of a cluster: name one, as in --scheduler tcp://HOST:8786")
    if workers is not None and backend.is_cluster:
        raise UsageError("a cluster has the workers that were started with it: leave --workers out")
    return backend


def check_scheduler(scheduler: str) -> str:
    """The name of a scheduler or an address, as it is. Raises UsageError if it is neither."""
    if scheduler not in LOCAL and not ADDRESS.fullmatch(scheduler):
        raise UsageError(
            f"'{scheduler}' is not one of {', '.join(LOCAL)}, nor an address as tcp://HOST:8786 or tls://HOST:8786"
        )
    return scheduler
