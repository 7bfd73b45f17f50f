"""A target is a reader of what others wrote, with an oracle that says of each input what may come of it.

What may come of it is a value that satisfies the oracle, or the project's own error. An oracle does not ask the reader:
it knows the format in another way, or holds what was read against the input.
"""

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from pipeline.engine.errors import PipelineError
from tests.torture.mutations import Mutation, mutate

T = TypeVar("T")


def unstructured(body: bytes, generator: random.Random) -> bytes:
    """Damage that knows nothing of the format."""
    return mutate(body, generator)


@dataclass(frozen=True)
class Target:
    """check: read some bytes, and say whether they were accepted, or refused in the project's own words; AssertionError
    of it is a wrong output, and any other exception a crash. seeds: inputs that are in order. mutation: damages a seed
    in a way that knows the format. words: what the format is made of. ceiling: MB that the process may take.
    """

    check: Callable[[bytes], bool]
    seeds: Callable[[], Sequence[bytes]]
    mutation: Mutation = unstructured
    words: tuple[bytes, ...] = ()
    ceiling: int = 300


def attempt(read: Callable[[], T]) -> T | None:
    """What `read` gives, or None if it refuses."""
    try:
        return read()
    except PipelineError:
        return None


@cache
def scratch() -> Path:
    """A folder for the files that a reader wants to open, in memory where there is such a thing."""
    return Path(tempfile.mkdtemp(prefix="torture-"))


@cache
def all_targets() -> dict[str, Target]:
    """Every target by its name. They import much, so this is not done before it is asked for."""
    from tests.torture import (
        data_targets,
        engine_targets,
        evaluation_targets,
        network_targets,
        picture_targets,
        stages_targets,
    )

    return {
        **data_targets.TARGETS,
        **picture_targets.TARGETS,
        **engine_targets.TARGETS,
        **network_targets.TARGETS,
        **evaluation_targets.TARGETS,
        **stages_targets.TARGETS,
    }
