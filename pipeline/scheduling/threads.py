"""Run jobs in threads of this process."""

import itertools
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from pipeline.engine.threads import count_cores, single_threaded_blas
from pipeline.scheduling.backends import Backend
from pipeline.scheduling.jobs import Job, JobInterruptedError

IN_FLIGHT = 4  # tasks per thread, so that no thread is idle
POLL_INTERVAL = 0.5  # seconds, after which this thread handles a signal that another thread has received


def run_in_threads(job: Job, backend: Backend) -> None:
    """Run all tasks of the job in `backend.workers` threads. Raises what a task raises."""
    workers = backend.workers or count_cores()
    cancelled = threading.Event()

    def send(message: Any) -> None:
        if cancelled.is_set():  # a thread can be stopped only here
            raise JobInterruptedError("the job was cancelled")
        job.on_message(message)

    tasks = enumerate(job.tasks)
    in_flight: dict[Future[Any], int] = {}  # indices of the tasks
    pool = ThreadPoolExecutor(workers)
    try:
        with single_threaded_blas():
            while True:
                for index, task in itertools.islice(tasks, IN_FLIGHT * workers - len(in_flight)):
                    in_flight[pool.submit(job.function, job.shared, task, send)] = index
                if not in_flight:
                    return
                for future in wait(in_flight, POLL_INTERVAL, FIRST_COMPLETED).done:
                    job.on_result(in_flight.pop(future), future.result())
    finally:
        cancelled.set()
        pool.shutdown(cancel_futures=True)
