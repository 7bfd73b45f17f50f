"""The registry of results: those of a stage in the store, and the names that links in the folder of artifacts give."""

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pipeline.engine import store
from pipeline.engine.artifacts import Manifest, read_manifest
from pipeline.engine.errors import PipelineError, UsageError

SHORT_ID = 6  # digits; more are needed only if there are thousands of results
MAX_NAME = 60  # characters, of up to 4 bytes; file systems allow 255 bytes


@dataclass(frozen=True)
class StoredResult:
    """An entry of the store.

    id: digits in the name of the entry, unique in the store. names: of links to it, without that of its stage.
    published: whether the link of its stage leads to it.
    """

    id: str
    entry: Path
    manifest: Manifest
    names: tuple[str, ...]
    published: bool

    @property
    def short_id(self) -> str:
        """The first digits of the id."""
        return self.id[:SHORT_ID]

    @property
    def created(self) -> str:
        """When the run ended: ISO 8601 in UTC."""
        return self.manifest.created


R = TypeVar("R", bound=StoredResult)


def read_results(entries: Iterable[Path], links: Mapping[str, Path] = MappingProxyType({})) -> list[StoredResult]:
    """Return the results in `entries`, without damaged ones. links: by name, from `store.links`."""
    results = []
    for entry in entries:
        with suppress(PipelineError, OSError):
            manifest = read_manifest(entry)
            stage, key = manifest.provenance.stage, manifest.provenance.key
            in_store = entry.parent.name == store.STORE
            digits = entry.name.removeprefix(f"{stage}-") if in_store else key[: store.KEY_LENGTH]
            names = [name for name, target in links.items() if target == entry]
            others = tuple(name for name in names if name != stage)
            results.append(StoredResult(digits, entry, manifest, others, published=stage in names))
    return results


def list_results(artifacts: Path, stage: str) -> list[StoredResult]:
    """Return the results of `stage` in the store of `artifacts`, oldest first, without damaged ones."""
    results = read_results(store.entries(artifacts, stage), store.links(artifacts))
    return sorted(results, key=lambda result: result.created)


def find_result(results: Sequence[R], which: str | None, stage: str) -> R:
    """Return the result of `stage` with the name, the first digits of the id or the folder `which`.

    None is the published result. Raises UsageError if there is no such result, or several.
    """
    if which in (None, stage):
        found = [each for each in results if each.published]
        if not found:
            raise UsageError(
                f"no run of {stage} is published: run this stage first (make {stage}), or give the id or name of a run"
            )
        return found[0]
    found = [each for each in results if which in each.names]
    found = found or [each for each in results if os.path.realpath(each.entry) == os.path.realpath(which or "")]
    found = found or [each for each in results if which and each.id.startswith(which)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"'{which}' is ambiguous ({', '.join(each.id for each in found)}): give more digits")
    raise UsageError(f"there is no run '{which}': use an id or a name that the command `runs` lists")


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
        entry = store.entry_at(path)
        if entry.parent != artifacts / store.STORE or store.stage_of(entry) != stage:
            raise UsageError(
                f"{path} exists and is not a result of {stage}: choose another name, or move it away first"
            )
