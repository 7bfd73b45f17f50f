"""What the tests of jobs share."""

from typing import Any

from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.run import run_job


def collect(function: Any, shared: Any, work: Any, backend: Backend, **more: Any) -> dict[int, Any]:
    results: dict[int, Any] = {}
    run_job(Job(function, shared, work, results.__setitem__, **more), backend)
    return results
