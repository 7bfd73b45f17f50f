"""A job: one function, applied to many tasks."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.engine.errors import PipelineError

Results = Generator[tuple[int, Any], None, None]  # index of a task, from 0, and its result


class JobInterruptedError(PipelineError):
    """The job was cancelled, or lost its scheduler or workers. Finished tasks are kept; the same command can resume."""

    resumable = True


@dataclass(frozen=True)
class Job:
    """A function and its tasks.

    function: a module-level function, so that workers can import it; called as function(shared, task).

    shared: data that all tasks need, sent once to each worker. tasks: consumed lazily. ordered: whether the results are
    needed in the order of the tasks; then few tasks are started long before the first unfinished one, so that few
    results wait for their turn.
    """

    function: Callable[[Any, Any], Any]
    shared: Any
    tasks: Iterable[Any]
    ordered: bool = False
