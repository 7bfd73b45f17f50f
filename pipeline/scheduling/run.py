"""Run a job serially, in threads, or on a Dask cluster."""

from pipeline.engine.threads import single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job
from pipeline.scheduling.threads import run_in_threads


def run_job(job: Job, backend: Backend) -> None:
    """Run all tasks of the job, in any order.

    Raises what a task raises; JobInterruptedError if all workers are lost; PipelineError if the backend is unavailable.
    """
    if backend.scheduler == "sync":
        with single_threaded_blas():
            for index, task in enumerate(job.tasks):
                job.on_result(index, job.function(job.shared, task, job.on_message))
    elif backend.scheduler == "threads":
        run_in_threads(job, backend)
    else:
        from pipeline.scheduling.cluster import run_on_cluster  # imports Dask, which takes half a second

        run_on_cluster(job, backend)
