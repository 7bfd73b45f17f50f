"""Run tasks in a worker of a cluster, after a check of its versions."""

import contextlib
import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from distributed import get_worker
from threadpoolctl import threadpool_info

from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import fingerprint
from pipeline.engine.provenance import environment
from pipeline.engine.threads import single_threaded_blas
from pipeline.scheduling.jobs import Send

Function = Callable[[Any, Any, Send], Any]
CODE = "the code of this program"
MESSAGE = "message"

# Digest of each source file when first hashed, about when it was imported. For the file that defines the function, the
# key includes the function's name, since the digest depends on it.
_loaded: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Versions:
    """required: versions, by name, that must be equal in all processes. advisory: versions that may differ.

    Different advisory versions may change the last bits of the results, or prevent communication.
    """

    required: dict[str, Any]
    advisory: dict[str, str]


def collect_versions(function: Function) -> Versions:
    """Return the versions that matter for the function: of the modules as imported, even if a file changed since."""
    own = f"{function.__module__.replace('.', '/')}.py"
    code = {
        file: _loaded.setdefault((file, function.__name__ if file == own else ""), digest)
        for file, digest in fingerprint(function).items()
    }
    versions = environment(["numpy", "dask", "distributed"])
    required = {name: versions.pop(name) for name in ("python", "numpy")}
    advisory = {"python": ".".join(map(str, sys.version_info[:3])), "matrix products": _describe_blas()}
    return Versions({**required, CODE: code}, {**versions, **advisory})


def _describe_blas() -> str:
    numpy_path = str(next(iter(np.__path__)))  # also the prefix of numpy.libs, which contains its BLAS
    with contextlib.suppress(Exception):  # for instance if the path of a library is not UTF-8
        blas = [
            f"{library['internal_api']} {library['version']} for {library.get('architecture', 'any processor')}"
            for library in threadpool_info()
            if library["user_api"] == "blas" and library["filepath"].startswith(numpy_path)
        ]
        return ", ".join(sorted(set(blas)))
    return "unknown"


def differences(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Describe each entry that differs, as in `numpy 2.3.1, not 2.4.6`."""
    return [
        name if name == CODE else f"{name} {theirs.get(name, 'unknown')}, not {value}"
        for name, value in own.items()
        if theirs.get(name) != value
    ]


@dataclass(frozen=True)
class JobContext:
    """Data for all tasks. expected: required versions where the job was started. topic: Dask topic for messages."""

    function: Function
    expected: dict[str, Any]
    shared: Any
    topic: str


def provide(context: JobContext) -> JobContext:
    """Return the context: the task that all others depend on, so that Dask sends it to each worker once."""
    return context


def run_task(task: Any, context: JobContext) -> Any:
    """Call the job's function. Raises PipelineError if the versions in this worker are not the expected ones."""
    worker = get_worker()
    mismatches = differences(context.expected, _prepare(context.function))
    if mismatches:
        raise PipelineError(describe_mismatch(worker.address, mismatches))

    def send(message: Any) -> None:
        worker.log_event(context.topic, {MESSAGE: message})  # Dask adds the name of the worker

    try:
        return context.function(context.shared, task, send)
    except FileNotFoundError as error:
        raise PipelineError(
            f"worker {worker.address} cannot find {error.filename}: share its folder with all workers, "
            "or use --send-data"
        ) from None


def describe_mismatch(address: str, mismatches: list[str]) -> str:
    """Return the error message for a worker with other versions."""
    return (
        f"worker {address} has different versions ({'; '.join(mismatches)}): install the same versions there "
        "and restart it"
    )


@functools.lru_cache(maxsize=8)
def _prepare(function: Function) -> dict[str, Any]:
    """Limit BLAS to one thread; return the required versions."""
    single_threaded_blas()
    return collect_versions(function).required
