"""Fuzz targets: a reader of external files and an oracle that checks its result for each input.

A reader must return a value that satisfies the oracle or raise PipelineError. An oracle does not rely on the reader: it
implements the format independently or compares the value with the input.
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
    """Mutate bytes without knowledge of the format."""
    return mutate(body, generator)


@dataclass(frozen=True)
class Target:
    """check: returns whether the reader accepted the bytes; AssertionError means a wrong output, any other exception a
    crash. seeds: valid inputs. mutation: a format-aware mutation of a seed. words: tokens of the format. max_memory:
    limit for the process, in MB.
    """

    check: Callable[[bytes], bool]
    seeds: Callable[[], Sequence[bytes]]
    mutation: Mutation = unstructured
    words: tuple[bytes, ...] = ()
    max_memory: int = 300


def try_read(read: Callable[[], T]) -> T | None:
    """Return the result of `read`, or None if it raises PipelineError."""
    try:
        return read()
    except PipelineError:
        return None


@cache
def scratch() -> Path:
    """Return a folder for the files to read: in memory if TMPDIR is."""
    return Path(tempfile.mkdtemp(prefix="torture-"))


def write(name: str, body: bytes) -> Path:
    """Write a file in `scratch()`; return its path."""
    path = scratch() / name
    path.write_bytes(body)
    return path


def written(name: str, save: Callable[[Path], object]) -> bytes:
    """Return what `save` writes to a path in `scratch()`."""
    save(scratch() / name)
    return (scratch() / name).read_bytes()


@cache
def all_targets() -> dict[str, Target]:
    """Return every target by name. The imports are slow, hence inside."""
    from tests.torture import data_targets, engine_targets, network_targets, picture_targets, stages_targets

    modules = (data_targets, picture_targets, engine_targets, network_targets, stages_targets)
    return {name: target for module in modules for name, target in module.TARGETS.items()}
