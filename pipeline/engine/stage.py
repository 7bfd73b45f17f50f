"""The decorator `@stage` makes a stage of a function, which is called only if its result is outdated."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.engine.declaration import Declaration, P
from pipeline.engine.declaration import File as File
from pipeline.engine.declaration import Input as Input
from pipeline.engine.declaration import Output as Output
from pipeline.engine.declaration import Role as Role
from pipeline.engine.run import describe_outcome, run_stage

IN_NO_KEY = "runs stages, and influences no result"


@dataclass(eq=False)
class Stage(Declaration[P]):
    """A function that fills an output folder and is run only if its result is not up to date.

        @stage()
        def chart(throw: Input = ..., output: Output = ..., width: int = 40) -> str:

    An `Input` is the artifact of the stage of that name. A `File` is any other file: its content is part of the key,
    its path is not. Arguments without a role are parameters; those with `Role.IGNORED` do not influence the result. The
    function writes files into `output` and returns a line of summary.

    A call computes the key of the result (docs/pipeline/reruns.md). It does nothing if the published result has this
    key, restores a result with this key from the store, or runs the function in a private folder and publishes it. The
    function may save its state in `output / CHECKPOINT`. An interrupted run leaves this folder to the next run with the
    same key; all else in `output` is deleted.

    A call returns one string: `SUMMARY -> FOLDER`, or that the result is up to date. Raises PipelineError if an input
    is missing or damaged or if two inputs are inconsistent, UsageError if a file cannot be read or if `output` is
    inside a result or exists and is not a result of this stage, and any exception of the function.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        functools.update_wrapper(self, self.function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Run the stage unless its result is up to date or in the store; return a line of summary."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return describe_outcome(run_stage(self, bound.arguments))


def stage(**options: Any) -> Callable[[Callable[P, str]], Stage[P]]:
    """Decorate a function as a `Stage`. options: fields of `Declaration`, from `packages` to `extra_files`."""
    return lambda function: Stage(function, **options)
