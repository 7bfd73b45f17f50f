"""Run tasks in a worker of a cluster, after a check of its versions."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from distributed import get_worker

from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import fingerprint
from pipeline.engine.provenance import NOT_INSTALLED, package_versions
from pipeline.engine.threads import single_threaded_blas

Function = Callable[[Any, Any], Any]
CODE = "the code of this program"
THREADS = "inproc://"  # begins the address of workers that are threads of the process that started the job

_loaded: dict[str, str] = {}  # digest of each source file when first hashed, about when it was imported


def collect_versions(function: Function) -> dict[str, Any]:
    """Return the versions that all processes need: of packages, and of modules as imported, even if a file changed."""
    found = fingerprint(function)
    code = {file: _loaded.setdefault(file, digest) for file, digest in found.code.items()}
    return {**package_versions(["dask", "distributed"]), **found.versions, CODE: code}


@dataclass(frozen=True)
class JobContext:
    """Data for all tasks. versions: the versions where the job was started."""

    function: Function
    versions: dict[str, Any]
    shared: Any


def provide(context: JobContext) -> JobContext:
    """Return the context: the task that all others depend on, so that Dask sends it to each worker once."""
    return context


def run_task(task: Any, context: JobContext) -> Any:
    """Call the job's function. Raises PipelineError if this worker has other versions than the job."""
    worker = get_worker()
    own, expected = _prepare(context.function), context.versions
    both = {name: (own.get(name, NOT_INSTALLED), expected.get(name, NOT_INSTALLED)) for name in sorted(own | expected)}
    different = [
        name if name == CODE else f"{name} {here}, not {there}" for name, (here, there) in both.items() if here != there
    ]
    if different:
        raise PipelineError(
            f"worker {worker.address} has different versions ({'; '.join(different)}): "
            "install the same versions there and restart it"
        )

    try:
        return context.function(context.shared, task)
    except FileNotFoundError as error:
        if worker.address.startswith(THREADS):
            raise
        raise PipelineError(
            f"worker {worker.address} cannot find {error.filename}: share its folder with all workers"
        ) from None


@functools.lru_cache(maxsize=8)
def _prepare(function: Function) -> dict[str, Any]:
    """Limit BLAS to one thread; return the versions in this worker."""
    single_threaded_blas()
    return collect_versions(function)
