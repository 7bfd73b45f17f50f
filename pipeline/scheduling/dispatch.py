"""Send the tasks of a job to the workers of a cluster, and receive their results.

Only a few tasks are in flight at a time, so the memory of this process and of a scheduler does not grow with the job.
Workers may join and leave at any time, and Dask repeats the tasks of a dead one.
"""

import itertools
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from distributed import Client, KilledWorker

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.cluster import RETRY
from pipeline.scheduling.jobs import Job, JobInterruptedError, Results
from pipeline.scheduling.worker import JobContext, collect_versions, provide, run_task

IN_FLIGHT = 3  # tasks per worker thread, so that none is idle, and drops the shared data meanwhile
MAX_AHEAD = 6  # tasks per worker thread that an ordered job starts beyond its first unfinished one
POLL_INTERVAL = 0.5  # seconds, after which a signal or the loss of the cluster is noticed at the latest


def dispatch(job: Job, client: Client, count_threads: Callable[[], int]) -> Results:
    """Yield the index and the result of each task, with the errors and in the order of `iterate_job`.

    count_threads: returns the number of worker threads, or raises JobInterruptedError.
    """
    results = _run(job, client, count_threads)
    return _reorder(results) if job.ordered else results


def _run(job: Job, client: Client, count_threads: Callable[[], int]) -> Results:
    pool = client.get_executor(pure=False)  # a task is not run again only because its result is known
    context = JobContext(job.function, collect_versions(job.function), job.shared)
    shared = client.submit(provide, context, pure=False)
    tasks = enumerate(job.tasks)
    in_flight: dict[Future[Any], int] = {}  # indices of the tasks
    started = 0
    while True:
        threads = count_threads()
        room = IN_FLIGHT * threads - len(in_flight)
        if job.ordered:
            room = min(room, min(in_flight.values(), default=started) + MAX_AHEAD * threads - started)
        for started, task in itertools.islice(tasks, max(room, 0)):
            in_flight[pool.submit(run_task, task, shared)] = started
        if not in_flight:
            return
        # With a timeout, since Python handles signals only between bytecodes of the main thread.
        for future in wait(in_flight, POLL_INTERVAL, FIRST_COMPLETED).done:
            yield in_flight.pop(future), _get_result(future)


def _reorder(results: Results) -> Results:
    """Yield the results in the order of their indices."""
    waiting: dict[int, Any] = {}
    turn = 0
    for index, result in results:
        waiting[index] = result
        while turn in waiting:
            yield turn, waiting.pop(turn)
            turn += 1


def _get_result(future: Future[Any]) -> Any:
    """Return the result of a task. Raises what the task raised, or JobInterruptedError if there is no result."""
    try:
        return future.result()
    except CancelledError:
        raise JobInterruptedError(f"the scheduler is gone or lost its tasks: {RETRY.format('it')}") from None
    except KilledWorker as error:
        raise JobInterruptedError(
            f"{error.allowed_failures + 1} workers died while they ran the same task, possibly out of memory: "
            "use smaller blocks, or give the workers more memory"
        ) from None
    except (PipelineError, OSError, MemoryError):
        raise
    except Exception as error:
        raise PipelineError(f"a task failed on a worker: {type(error).__name__}: {error}") from error
