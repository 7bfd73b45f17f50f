"""Run a job with Dask, which is imported only then."""

import contextlib

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, Results


def iterate_job(job: Job, backend: Backend) -> Results:
    """Run all tasks of the job; yield the index and the result of each, in the order of the tasks if `job.ordered`.

    To stop the tasks that have not begun, close the generator. Raises what a task raises, JobInterruptedError if all
    workers are lost, and PipelineError if the scheduler is unavailable.
    """
    try:  # the import takes a quarter of a second and reads Dask's configuration
        from pipeline.scheduling.cluster import connect
        from pipeline.scheduling.dispatch import dispatch
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        problem = f"Dask cannot read its configuration ({type(error).__name__}: {error})"
        raise PipelineError(f"{problem}: correct its files (~/.config/dask) and variables (DASK_...)") from error
    with connect(backend) as (client, monitor), contextlib.closing(dispatch(job, client, monitor)) as results:
        yield from results
