"""The declaration of a stage: all that the engine knows of it before it is called."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Generic, ParamSpec

IN_NO_KEY = "declares stages, and influences no result"


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


@dataclass(eq=False)
class Declaration(Generic[P]):
    """A function with what its result depends on.

    packages: installed packages that the code does not import, but that influence the result: their versions are part
    of the key, as are those of all packages that the code imports.
    unhashed: output files that describe the run, such as timings; later stages do not depend on them.
    resolve: function from the given parameters to the parameters in the key. These also replace the arguments of
    the same name. A UsageError that it raises is reported before any stage is started. It is called
    whenever the stage is planned; to hash files there, use `digests.sha256`, which reads only those that have changed.
    modules: function from the parameters in the key to the names of modules that are part of the key for these
    parameters alone, such as those that read one kind of input.
    extra_files: patterns of files in the project, other than Python modules, that the function reads. `**` matches
    any number of folders, also those that are links, and hidden files are included. A pattern that matches no file
    is an error.

    The other fields follow from the function: its name, its signature, and the names of its arguments by their role.
    """

    function: Callable[P, str]
    packages: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = ()
    resolve: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    modules: Callable[[Mapping[str, Any]], Collection[str]] = lambda parameters: ()
    extra_files: tuple[str, ...] = ()
    name: str = field(init=False)
    signature: inspect.Signature = field(init=False)
    inputs: list[str] = field(init=False)
    files: list[str] = field(init=False)
    output: str = field(init=False)
    parameters: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.function.__name__
        self.signature = inspect.signature(self.function, eval_str=True)
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
