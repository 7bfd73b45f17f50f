from collections.abc import Callable
from contextlib import closing
from typing import Any

from pipeline.scheduling.backends import Backend
from pipeline.scheduling.execution import iterate_job
from pipeline.scheduling.jobs import Job


def run_job(job: Job, backend: Backend, on_result: Callable[[int, Any], object]) -> None:
    with closing(iterate_job(job, backend)) as results:
        for index, result in results:
            on_result(index, result)


def collect(function: Any, shared: Any, job_tasks: Any, backend: Backend) -> dict[int, Any]:
    return dict(iterate_job(Job(function, shared, job_tasks), backend))
