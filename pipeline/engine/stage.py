"""Stages: functions from input folders to an output folder, and what the key of their result is computed from."""

import functools
import glob
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Generic, ParamSpec, get_type_hints

from pipeline.engine import cache
from pipeline.engine.artifacts import MANIFEST
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.fingerprint import changed_since_start, find_modules, fingerprint, locate
from pipeline.engine.provenance import Provenance, environment, to_json_values
from pipeline.engine.run import run_stage


class Role(Enum):
    """Role of an argument that is not a parameter."""

    INPUT = "an artifact that the stage reads"
    FILE = "a file that the stage reads and no stage creates"
    OUTPUT = "the artifact that the stage creates"
    IGNORED = "not part of the key, because it does not influence the result"


Input = Annotated[Path, Role.INPUT]
File = Annotated[Path, Role.FILE]
Output = Annotated[Path, Role.OUTPUT]

DEFAULTS = Path("pyproject.toml")  # in the working directory: defaults of options
ENGINE = Path(__file__).parent  # its modules compute the keys

P = ParamSpec("P")
Arguments = Mapping[str, Any]
Resolve = Callable[[Arguments], Arguments]
Watch = Callable[[Arguments], Iterable[str]]


class Stage(Generic[P]):
    """A function that fills an output folder and is run only if its result is not up to date.

        @stage()
        def normalize(parse: Input = ..., output: Output = ..., validation: float = 1 / 12) -> str:

    An `Input` is the artifact of the stage of that name. A `File` is any other file: its content is part of the key,
    its path is not. Arguments without a role are parameters; those with `Role.IGNORED` do not influence the result. The
    function writes files into `output` and returns a line of summary.

    A call computes the key of the result (docs/pipeline/reruns.md). It does nothing if the published result has this
    key, restores a result with this key from the store, or runs the function in a private folder and publishes it. The
    function may save its state in `output / CHECKPOINT`. An interrupted run leaves this folder to the next run with the
    same key.

    packages: installed packages whose versions are part of the key (default: NumPy).
    unhashed: output files that describe the run, such as timings; later stages do not depend on them.
    resolve: function from the given parameters to the parameters in the key. These also replace the arguments of
    the same name.
    extra_files: patterns of files in the project, other than Python modules, that the function reads.
    watch: function from the given parameters to patterns of files outside the project that `resolve` reads.

    A call returns one string: `SUMMARY -> FOLDER`, or that the result is up to date. Raises PipelineError if an input
    is missing or damaged or if two inputs are inconsistent, UsageError if a file cannot be read or if `output` is
    inside a result or exists and is not a result of this stage, and any exception of the function.
    """

    def __init__(
        self,
        function: Callable[P, str],
        packages: tuple[str, ...] = ("numpy",),
        unhashed: tuple[str, ...] = (),
        resolve: Resolve = dict,
        extra_files: tuple[str, ...] = (),
        watch: Watch = lambda given: (),
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.packages, self.unhashed, self.resolve, self.extra_files = packages, unhashed, resolve, extra_files
        self.watch = watch
        self.name = function.__name__
        self.signature = inspect.signature(function)
        roles = {
            argument: role
            for argument, hint in get_type_hints(function, include_extras=True).items()
            for role in getattr(hint, "__metadata__", ())
            if isinstance(role, Role)
        }
        self.inputs = [argument for argument, role in roles.items() if role is Role.INPUT]
        self.files = [argument for argument, role in roles.items() if role is Role.FILE]
        (self.output,) = (argument for argument, role in roles.items() if role is Role.OUTPUT)
        self.parameters = [argument for argument in self.signature.parameters if argument not in roles]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Run the stage unless its result is up to date or in the store; return a line of summary."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return str(run_stage(self, bound.arguments))

    def resolve_parameters(self, arguments: Arguments) -> dict[str, Any]:
        """Return the parameters that are part of the key, with their resolved values."""
        return dict(self.resolve({name: arguments[name] for name in self.parameters}))

    def provenance(self, arguments: Arguments, resolved: Arguments, inputs: Mapping[str, str | None]) -> Provenance:
        """Return the current provenance, given the resolved parameters and the digests of the inputs.

        Raises UsageError if a `File` cannot be read, PipelineError if a package is not installed.
        """
        digests = dict(inputs)
        for name in self.files:
            digests[name] = cache.sha256(str(arguments[name])) if arguments[name].is_file() else None
            if digests[name] is None:
                raise UsageError(f"{name} is {arguments[name]}, which is not a file that can be read: name another")
        helpers = [function for function in (self.resolve, self.watch) if inspect.isfunction(function)]
        exclude = [function.__name__ for function in helpers if function.__module__ == self.function.__module__]
        code = fingerprint(self.function, exclude=exclude, extra_files=self.extra_files)
        versions = environment(self.packages)
        if missing := [package for package in self.packages if versions.get(package) == "not installed"]:
            raise PipelineError(
                f"{missing[0]}, in packages of the stage {self.name}, is not installed: "
                'use the name that pip knows, as in packages=("scikit-learn",)'
            )
        return Provenance(self.name, to_json_values(resolved), digests, code, versions)

    def take_snapshot(self, arguments: Arguments, options: Sequence[str]) -> cache.Record | None:
        """Return a record of everything that the stage depends on, for the cache, before any of it is used.

        Returns None if source code or pyproject.toml changed since this process started: it may have used the earlier
        version.
        """
        _, root = locate(self.function)
        extra = [str(Path(glob.escape(str(root)), pattern)) for pattern in self.extra_files]
        modules = [*find_modules(self.function), *ENGINE.glob("*.py")]
        used = [DEFAULTS, *modules, *(Path(path) for pattern in extra for path in cache.match(pattern))]
        if any(map(changed_since_start, used)):
            return None
        packages = [
            str(Path(glob.escape(folder), "*.dist-info")) for folder in sys.path if folder.endswith("-packages")
        ]
        watched = list(self.watch(arguments))
        inputs: dict[str, Path] = {name: arguments[name] for name in self.inputs}
        read = [*used, *(folder / MANIFEST for folder in inputs.values()), *(arguments[name] for name in self.files)]
        return cache.take_snapshot(
            options,
            inputs={name: str(folder) for name, folder in inputs.items()},
            hashed=map(str, read),
            unhashed=[path for pattern in watched for path in cache.match(pattern)],  # they may be large
            folders={str(root), *(str(path.parent) for path in modules)},
            patterns=[*packages, *extra, *watched],
        )


def stage(**options: Any) -> Callable[[Callable[P, str]], Stage[P]]:
    """Decorate a function as a `Stage`. options: the parameters of `Stage`."""
    return lambda function: Stage(function, **options)
