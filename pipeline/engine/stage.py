"""The decorator `@stage` makes a stage of a function, which is called only if its result is outdated."""

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Generic, ParamSpec

from pipeline.engine.run import describe_outcome, run_stage


class Role(Enum):
    """The role of an argument that is not a parameter."""

    INPUT = "an artifact that the stage reads"
    FILE = "a file that the stage reads and no stage creates"
    OUTPUT = "the artifact that the stage creates"
    IGNORED = "not part of the key, because it does not influence the result"


Input = Annotated[Path, Role.INPUT]
File = Annotated[Path, Role.FILE]
Output = Annotated[Path, Role.OUTPUT]

P = ParamSpec("P")


class Stage(Generic[P]):
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

    packages: installed packages whose versions are part of the key (default: NumPy).
    unhashed: output files that describe the run, such as timings; later stages do not depend on them.
    resolve: function from the given parameters to the parameters in the key. These also replace the arguments of
    the same name. A UsageError that it raises is reported before any stage is started. If it reads files, it is called
    at each look at the stage: `digests.sha256` reads only those that have changed. If it is from another module than
    the function, this module is not part of the key, nor is what only this module imports. The condition is that
    everything by which this module influences the result is in what `resolve` returns, or in `modules`.
    modules: function from the parameters in the key to the names of modules that are part of the key for these
    parameters alone, such as those that read one kind of input.
    without: names of modules or packages that are not part of the key although the stage imports them, such as those
    that declare options or show progress.
    extra_files: patterns of files in the project, other than Python modules, that the function reads. `**` matches
    any number of folders, also those that are links, and hidden files are included. A pattern that matches no file
    is an error.

    A call returns one string: `SUMMARY -> FOLDER`, or that the result is up to date. Raises PipelineError if an input
    is missing or damaged or if two inputs are inconsistent, UsageError if a file cannot be read or if `output` is
    inside a result or exists and is not a result of this stage, and any exception of the function.
    """

    def __init__(
        self,
        function: Callable[P, str],
        packages: tuple[str, ...] = ("numpy",),
        unhashed: tuple[str, ...] = (),
        resolve: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
        modules: Callable[[Mapping[str, Any]], Collection[str]] = lambda parameters: (),
        extra_files: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.packages, self.unhashed, self.resolve, self.extra_files = packages, unhashed, resolve, extra_files
        self.modules, self.without = modules, {*without, resolve.__module__} - {function.__module__}
        self.name = function.__name__
        self.signature = inspect.signature(function, eval_str=True)
        roles = {
            argument: role
            for argument, parameter in self.signature.parameters.items()
            for role in getattr(parameter.annotation, "__metadata__", ())
            if isinstance(role, Role)
        }
        self.inputs = [argument for argument, role in roles.items() if role is Role.INPUT]
        self.files = [argument for argument, role in roles.items() if role is Role.FILE]
        (self.output,) = [argument for argument, role in roles.items() if role is Role.OUTPUT]
        self.parameters = [argument for argument in self.signature.parameters if argument not in roles]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Run the stage unless its result is up to date or in the store; return a line of summary."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return describe_outcome(run_stage(self, bound.arguments))


def stage(**options: Any) -> Callable[[Callable[P, str]], Stage[P]]:
    """Decorate a function as a `Stage`. options: the parameters of `Stage`."""
    return lambda function: Stage(function, **options)
