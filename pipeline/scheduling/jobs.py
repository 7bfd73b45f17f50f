"""A job is one function for many tasks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.engine.errors import PipelineError

Tell = Callable[[Any], object]


class CutOffError(PipelineError):
    """Those who worked are gone. What they have done is worth keeping: the same command can go on from there."""

    resumable = True


@dataclass(frozen=True)
class Job:
    """function: of a module, so that a worker finds it by its name; called with shared, a task, and a `Tell`.

    shared: what all tasks need; travels once to each worker, where there are any. tasks: taken as they are needed.
    on_result: is called with the number of a task, from 0, and what the function has returned, in the thread that runs
    the job and as soon as it is known. on_message: is called in any thread with what a task tells while it works,
    plain values as in JSON. report: is told what a person should know.
    """

    function: Callable[[Any, Any, Tell], Any]
    shared: Any
    tasks: Iterable[Any]
    on_result: Callable[[int, Any], object]
    on_message: Tell = lambda message: None
    report: Callable[[str], object] = lambda line: None
