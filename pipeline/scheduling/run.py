"""Run a job serially, in threads, or on a Dask cluster."""

import contextlib
from collections.abc import Callable
from typing import Any

from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, Results


def run_job(job: Job, backend: Backend) -> None:
    """Run all tasks of the job; call `job.on_result` with the result of each. Raises what `iterate_job` raises."""
    with contextlib.closing(iterate_job(job, backend)) as results:
        for index, result in results:
            job.on_result(index, result)


def iterate_job(job: Job, backend: Backend) -> Results:
    """Run all tasks of the job; yield the index and result of each, in the order of the tasks only if `job.ordered`.

    Close the generator to stop the tasks that have not begun. Raises what a task raises; JobInterruptedError if all
    workers are lost; PipelineError if the backend is unavailable.
    """
    runner = _run_here if backend.scheduler == "sync" else _import_runner(backend)
    with contextlib.closing(runner(job, backend)) as results:
        yield from _reorder(results) if job.ordered else results


def _run_here(job: Job, backend: Backend) -> Results:
    with single_threaded_blas():
        for index, task in enumerate(job.tasks):
            yield index, job.function(job.shared, task, job.on_message)


def _reorder(results: Results) -> Results:
    """Yield the results in the order of their indices."""
    waiting: dict[int, Any] = {}
    turn = 0
    for index, result in results:
        waiting[index] = result
        while turn in waiting:
            yield turn, waiting.pop(turn)
            turn += 1


def _import_runner(backend: Backend) -> Callable[[Job, Backend], Results]:
    """Import the runner of the backend, and with it Dask, which takes half a second and reads its configuration."""
    try:
        if backend.scheduler == "threads":
            from pipeline.scheduling.threads import run_in_threads

            return run_in_threads
        from pipeline.scheduling.cluster import run_on_cluster
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        problem = f"Dask cannot read its configuration ({type(error).__name__}: {error})"
        raise PipelineError(f"{problem}: correct its files (~/.config/dask) and variables (DASK_...)") from error
    return run_on_cluster
