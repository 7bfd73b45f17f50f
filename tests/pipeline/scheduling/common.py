from typing import Any

from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import run_job
from pipeline.scheduling.jobs import Job


def collect(function: Any, shared: Any, job_tasks: Any, backend: Backend, **more: Any) -> dict[int, Any]:
    results: dict[int, Any] = {}
    run_job(Job(function, shared, job_tasks, results.__setitem__, **more), backend)
    return results
