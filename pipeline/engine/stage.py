"""A stage is a function from folders to a folder, and its signature is its configuration.

    @stage
    def normalize(parse: Input = ..., output: Output = ..., validation: float = 1 / 12) -> str:

The body reads its inputs, fills `output`, and returns one line that says what it made. Around it the decorator
looks for the inputs, gives the body a private folder to fill, writes the manifest and publishes the folder.
An input's parameter is named after the stage that makes it.
"""

import functools
import inspect
import platform
import time
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ParamSpec, get_type_hints

from pipeline.engine.artifacts import Manifest, describe, find_artifact, write_manifest
from pipeline.engine.errors import PipelineError
from pipeline.engine.store import private_folder, publish, resolve


class Role(Enum):
    """What a stage's argument is, where it is not a plain parameter."""

    INPUT = "an artifact that the stage reads"
    OUTPUT = "the artifact that it makes"
    UNKEYED = "where or how fast the work is done; cannot change what comes out"


Input = Annotated[Path, Role.INPUT]
Output = Annotated[Path, Role.OUTPUT]

P = ParamSpec("P")


def stage(function: Callable[P, str]) -> Callable[P, str]:
    """Make `function` a stage: called, it publishes its output folder whole or leaves things as they were.

    The call returns the body's line with the place of the output. Raises PipelineError if an input is missing or
    damaged, or if two inputs do not belong together; UsageError if the output is something else's place; whatever
    the body raises passes through.
    """
    name = function.__name__
    signature = inspect.signature(function)
    roles = _roles(function)
    input_names = [argument for argument, role in roles.items() if role is Role.INPUT]
    (output_name,) = (argument for argument, role in roles.items() if role is Role.OUTPUT)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> str:
        started = time.perf_counter()
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        inputs = {}
        for argument in input_names:
            # What the link shows now, so that a result published meanwhile is not mixed with this one
            bound.arguments[argument] = resolve(bound.arguments[argument])
            inputs[argument] = find_artifact(bound.arguments[argument], argument)
        _check_agreement(inputs)
        parameters = {argument: value for argument, value in bound.arguments.items() if argument not in roles}
        output: Path = bound.arguments[output_name]
        with private_folder(output, name) as partial:
            bound.arguments[output_name] = partial
            summary = function(*bound.args, **bound.kwargs)
            manifest = Manifest(
                stage=name,
                parameters=_plain(parameters),
                inputs={argument: found.digest for argument, found in inputs.items()},
                outputs=describe(partial),
                versions=_versions(),
                seconds=round(time.perf_counter() - started, 3),
            )
            write_manifest(partial, manifest)
            publish(partial, output)
        return f"{summary} -> {output}"

    return run


def _roles(function: Callable[..., Any]) -> dict[str, Role]:
    return {
        argument: role
        for argument, hint in get_type_hints(function, include_extras=True).items()
        for role in getattr(hint, "__metadata__", ())
        if isinstance(role, Role)
    }


def _check_agreement(inputs: Mapping[str, Manifest]) -> None:
    """Two inputs agree if the one that was made from the other was made from it as it is now."""
    for name, manifest in inputs.items():
        for source, digest in manifest.inputs.items():
            if source in inputs and inputs[source].digest != digest:
                raise PipelineError(
                    f"{name} was made from another result of {source} than the one that is there now: "
                    f"run the stage {name} again (make {name})"
                )


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as JSON can hold them."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in parameters.items()}


def _versions() -> dict[str, str]:
    import numpy

    return {"python": platform.python_version(), "numpy": numpy.__version__}
