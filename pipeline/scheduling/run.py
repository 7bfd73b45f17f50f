"""Run a job serially, in threads, or on a Dask cluster."""

from collections.abc import Callable

from pipeline.engine.errors import PipelineError
from pipeline.engine.threads import single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job


def run_job(job: Job, backend: Backend) -> None:
    """Run all tasks of the job, in any order.

    Raises what a task raises; JobInterruptedError if all workers are lost; PipelineError if the backend is unavailable.
    """
    if backend.scheduler == "sync":
        with single_threaded_blas():
            for index, task in enumerate(job.tasks):
                job.on_result(index, job.function(job.shared, task, job.on_message))
    else:
        _import_runner(backend)(job, backend)


def _import_runner(backend: Backend) -> Callable[[Job, Backend], None]:
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
