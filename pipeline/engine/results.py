"""The results of a stage in the store, and the names that links in the folder of artifacts give them."""

import glob
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine import store
from pipeline.engine.artifacts import MANIFEST, Manifest, read_manifest
from pipeline.engine.errors import PipelineError, UsageError

MAX_NAME = 60  # characters, of up to 4 bytes; file systems allow 255 bytes


@dataclass(frozen=True)
class Result:
    """An entry of the store."""

    entry: Path
    manifest: Manifest


def read_results(entries: Iterable[Path]) -> list[Result]:
    """Return the results in `entries`, without damaged ones."""
    results = []
    for entry in entries:
        with suppress(PipelineError, OSError):
            results.append(Result(entry, read_manifest(entry)))
    return results


def list_results(artifacts: Path, stage: str) -> list[Result]:
    """Return the results of `stage` in the store of `artifacts`, oldest first, without damaged ones."""
    results = read_results(store.entries(artifacts).get(stage, []))
    return sorted(results, key=lambda result: result.manifest.made)


def watch_results(artifacts: Path, stage: str) -> str:
    """Return a pattern that matches the files read by `list_results`."""
    return str(Path(glob.escape(str(artifacts)), store.STORE, f"{stage}-*", MANIFEST))


def check_name(artifacts: Path, name: str, stage: str, reserved: Collection[str]) -> None:
    """Raise UsageError unless `name` can become, or is, the name of a result of `stage`.

    It is invalid, one of the `reserved` names, or the name of something else in `artifacts`.
    """
    if not re.fullmatch(rf"\w[\w.-]{{,{MAX_NAME - 1}}}", name):
        raise UsageError(
            f"'{name}' is not a valid name: use at most {MAX_NAME} letters, digits, '_', '-' and '.', "
            "with '-' and '.' not at the beginning"
        )
    if name.casefold() in reserved:  # some file systems ignore case
        raise UsageError(f"'{name}' is the name of a stage: choose another name")
    path = artifacts / name
    if path.exists() or path.is_symlink():
        entry = store.resolve(path)
        if entry.parent != artifacts / store.STORE or store.stage_of(entry) != stage:
            raise UsageError(
                f"{path} exists and is not a result of {stage}: choose another name, or move it away first"
            )


def assign_name(artifacts: Path, name: str, entry: Path) -> None:
    """Make `artifacts/name` a link to an entry. `check_name` must have accepted the name."""
    with store.read_lock(entry):  # against `prune`
        if not entry.exists():
            raise PipelineError(f"{entry} has just been deleted: choose another run")
        store.publish(entry, artifacts / name)
