"""Backends that run the tasks of a job."""

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine.errors import UsageError

LOCAL = ("threads", "processes", "sync", "distributed")
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://\S+:\d+")
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"


@dataclass(frozen=True)
class Backend:
    """A backend for jobs.

    scheduler: one of LOCAL, the address of a Dask scheduler, or "" if scheduler_file contains the address.

    workers: number of tasks that a LOCAL scheduler runs at once; by default the number of usable cores.
    send_data: send file contents with the tasks, for workers that cannot read the files.
    """

    scheduler: str = "threads"
    workers: int | None = None
    scheduler_file: Path | None = None
    send_data: bool = False

    @property
    def is_cluster(self) -> bool:
        """Whether the scheduler is external, not started by this process."""
        return self.scheduler not in LOCAL


SYNC = Backend("sync")


def make_backend(
    scheduler: str, workers: int | None = None, scheduler_file: Path | None = None, send_data: bool = False
) -> Backend:
    """Return the backend for these command line options. Raises UsageError if they exclude each other."""
    check_scheduler(scheduler)
    if scheduler_file is not None:
        scheduler = ""
    backend = Backend(scheduler, workers, scheduler_file, send_data)
    if send_data and not backend.is_cluster:
        raise UsageError("--send-data needs a cluster: give its address, as in --scheduler tcp://HOST:8786")
    if workers is not None and backend.is_cluster:
        raise UsageError("the workers of a cluster are started separately: leave --workers out")
    return backend


def check_scheduler(scheduler: str) -> str:
    """Return the argument unchanged. Raises UsageError if it is not in LOCAL and not an address."""
    if scheduler not in LOCAL and not ADDRESS.fullmatch(scheduler):
        raise UsageError(f"'{scheduler}' is not one of {', '.join(LOCAL)}, nor an address such as tcp://HOST:8786")
    return scheduler
