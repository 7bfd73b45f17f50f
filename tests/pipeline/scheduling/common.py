from typing import Any

from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.run import run_job


def collect(function: Any, shared: Any, job_tasks: Any, backend: Backend, **more: Any) -> dict[int, Any]:
    results: dict[int, Any] = {}
    run_job(Job(function, shared, job_tasks, results.__setitem__, **more), backend)
    return results
