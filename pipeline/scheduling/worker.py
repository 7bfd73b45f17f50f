"""What a worker of a cluster does: check its versions, then run a task."""

import contextlib
import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from distributed import get_worker
from threadpoolctl import threadpool_info

from pipeline.engine.cores import single_threaded_blas
from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import fingerprint
from pipeline.engine.provenance import environment
from pipeline.scheduling.jobs import Tell

Function = Callable[[Any, Any, Tell], Any]
CODE = "the code of this program"
TOLD = "told"

# Digests of the files, as this process has first seen them, which is about when it loads them; by file and, of a
# function's own, by the function, whose signature does not count.
_loaded: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Facts:
    """What is here, by name. deciding: what decides the results of a function, equal for all who may do its tasks.

    loose: what may decide the last bits, or whether processes understand each other.
    """

    deciding: dict[str, Any]
    loose: dict[str, str]


def check_stage(function: Function) -> Facts:
    """The facts about this process and the function.

    The code is that which this process has loaded, whatever has become of its files since: a worker may run for weeks.
    """
    own = f"{function.__module__.replace('.', '/')}.py"
    code = {
        file: _loaded.setdefault((file, function.__name__ if file == own else ""), digest)
        for file, digest in fingerprint(function).items()
    }
    versions = environment(["numpy", "dask", "distributed"])
    deciding = {name: versions.pop(name) for name in ("python", "numpy")}
    loose = {"python": ".".join(map(str, sys.version_info[:3])), "matrix products": _describe_blas()}
    return Facts({**deciding, CODE: code}, {**versions, **loose})


def _describe_blas() -> str:
    backend = str(next(iter(np.__path__)))  # whose own library lies in numpy.libs beside it
    with contextlib.suppress(Exception):  # of a library whose path is not UTF-8, for instance
        blas = [
            f"{library['internal_api']} {library['version']} for {library.get('architecture', 'any processor')}"
            for library in threadpool_info()
            if library["user_api"] == "blas" and library["filepath"].startswith(backend)
        ]
        return ", ".join(sorted(set(blas)))
    return "unknown"


def differences(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """What is not the same, in words: `numpy 2.3.1, not 2.4.6`."""
    return [
        name if name == CODE else f"{name} {theirs.get(name, 'unknown')}, not {value}"
        for name, value in own.items()
        if theirs.get(name) != value
    ]


@dataclass(frozen=True)
class Common:
    """What all tasks of a job have in common; travels once to each worker.

    expected: what decides where the job comes from. topic: under which its tasks tell.
    """

    function: Function
    expected: dict[str, Any]
    shared: Any
    topic: str


def pass_on(common: Common) -> Common:
    """The task of which all others take what they have in common; Dask brings it to each worker."""
    return common


def call(task: Any, common: Common) -> Any:
    """Call the function for a task. Raises PipelineError if this worker is another than is expected."""
    worker = get_worker()
    flaws = differences(common.expected, _prepare(common.function))
    if flaws:
        raise PipelineError(unfit(worker.address, flaws))

    def tell(message: Any) -> None:
        worker.log_event(common.topic, {TOLD: message})  # to which Dask adds which worker it was

    try:
        return common.function(common.shared, task, tell)
    except FileNotFoundError as error:
        raise PipelineError(
            f"worker {worker.address} does not see {error.filename}: let all workers share its folder, or --ship-data"
        ) from None


def unfit(address: str, flaws: list[str]) -> str:
    """The line that says why a worker is not fit."""
    return f"worker {address} has other versions ({'; '.join(flaws)}): install the same there, and start it again"


@functools.lru_cache(maxsize=8)
def _prepare(function: Function) -> dict[str, Any]:
    """Limit BLAS to one thread; return the versions that decide the result."""
    single_threaded_blas()
    return check_stage(function).deciding
