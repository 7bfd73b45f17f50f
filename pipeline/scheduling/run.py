"""Run a job: here, in threads, or on a Dask cluster."""

from collections.abc import Callable

from pipeline.engine.cores import single_threaded_blas
from pipeline.engine.errors import PipelineError
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job


def run_job(job: Job, backend: Backend) -> None:
    """Do all tasks of the job, in any order, at the backend.

    Raises what a task raises; CutOffError if workers are gone and do not come back; PipelineError if there is no such
    backend.
    """
    if backend.scheduler == "sync":
        with single_threaded_blas():
            for number, task in enumerate(job.tasks):
                job.on_result(number, job.function(job.shared, task, job.on_message))
    else:
        _load(backend)(job, backend)


def _load(backend: Backend) -> Callable[[Job, Backend], None]:
    """Import what works at the backend, and with it Dask, which takes half a second and reads its configuration."""
    try:
        import dask  # noqa: F401

        if backend.scheduler != "threads":
            import distributed  # noqa: F401
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        wrong = f"Dask cannot read its configuration ({type(error).__name__}: {error})"
        raise PipelineError(f"{wrong}: correct its files (~/.config/dask) and variables (DASK_...)") from error
    if backend.scheduler == "threads":
        from pipeline.scheduling.threads import run_in_threads

        return run_in_threads
    from pipeline.scheduling.cluster import run_on_cluster

    return run_on_cluster
