"""A job: one function, applied to many tasks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.engine.errors import PipelineError

Send = Callable[[Any], object]


class JobInterruptedError(PipelineError):
    """The job was cancelled, or lost its scheduler or workers. Finished tasks are kept; the same command can resume."""

    resumable = True


@dataclass(frozen=True)
class Job:
    """function: a module-level function, so that workers can import it; called as function(shared, task, send).

    shared: data that all tasks need, sent once to each worker. tasks: consumed lazily. on_result: called with the index
    of a task, from 0, and its result, as soon as it is available, in the thread that runs the job. on_message: called
    in any thread with each message, JSON-like data, that a running task passes to `send`. report: called with lines for
    the user.
    """

    function: Callable[[Any, Any, Send], Any]
    shared: Any
    tasks: Iterable[Any]
    on_result: Callable[[int, Any], object]
    on_message: Send = lambda message: None
    report: Callable[[str], object] = lambda line: None
