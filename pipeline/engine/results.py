"""List the results of a stage in the store, with the names that links to them have, and delete old ones."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pipeline.engine import STORE, store
from pipeline.engine.artifacts import MANIFEST, Manifest, read_manifest
from pipeline.engine.errors import PipelineError, UsageError

SHORT_ID = 6  # digits; more are needed only if there are thousands of results


@dataclass(frozen=True)
class StoredResult:
    """An entry of the store.

    id: digits in the name of the entry, unique in the store. names: names of links to it, without the link of its
    stage. published: whether the link of its stage leads to it.
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
        """The time at which the run ended, ISO 8601 in UTC."""
        return self.manifest.created


def read_results(entries: Iterable[Path], links: Mapping[str, Path] = MappingProxyType({})) -> list[StoredResult]:
    """Return the results in `entries`, without damaged ones. links: by name, from `store.links`."""
    results = []
    for entry in entries:
        with suppress(PipelineError, OSError):
            manifest = read_manifest(entry)
            stage, key = manifest.provenance.stage, manifest.provenance.key
            in_store = entry.parent.name == STORE
            digits = entry.name.removeprefix(f"{stage}-") if in_store else key[: store.KEY_LENGTH]
            names = [name for name, target in links.items() if target == entry]
            others = tuple(name for name in names if name != stage)
            results.append(StoredResult(digits, entry, manifest, others, published=stage in names))
    return results


def list_results(artifacts: Path, stage: str) -> list[StoredResult]:
    """Return the results of `stage` in the store of `artifacts`, oldest first, without damaged ones.

    Raises UsageError if `artifacts` is not a folder.
    """
    store.check_artifacts(artifacts)
    results = read_results(store.entries(artifacts, stage), store.links(artifacts))
    return sorted(results, key=lambda result: result.created)


def prune(artifacts: Path, keep: int, computed_from: Mapping[str, str] = MappingProxyType({})) -> dict[str, int]:
    """Remove all but the `keep` last used results of each stage, and all leftovers of interrupted runs.

    Return the bytes of what was removed, by the name of each folder.

    Results with a link, published or named, are always kept, and they count towards `keep`. The link may be in another
    folder of artifacts whose store is this one. Results that were computed from a result with a link are kept, too, for
    the stages in `computed_from`: {"evaluate": "train"} keeps the evaluations of named models. Results that a running
    stage reads or writes are also kept. Raises UsageError if `keep` is negative, or if `artifacts` is not a folder;
    PipelineError if a folder cannot be removed.
    """
    if keep < 0:
        raise UsageError(f"keep is {keep}: use 0 or more")
    store.check_artifacts(artifacts)

    def is_kept(entry: Path) -> bool:
        linked = store.linked_entries(artifacts)
        source = computed_from.get(store.stage_of(entry))
        if entry in linked or source is None:
            return entry in linked
        inputs = {result.manifest.provenance.inputs.get(source) for result in read_results([entry])}
        models = read_results(path for path in linked if store.stage_of(path) == source)
        return not inputs.isdisjoint(model.manifest.digest for model in models)

    removed: dict[str, int] = {}
    for stage in {store.stage_of(path) for path in (artifacts / STORE).glob("*-*")}:
        with store.stage_lock(artifacts / stage, stage) as locked:
            if not locked:
                continue
            removed |= store.remove_leftovers(artifacts / STORE, stage, checkpoints=True)
            kept = {entry: is_kept(entry) for entry in store.entries(artifacts, stage)}
            by_use = sorted(kept, key=lambda entry: (kept[entry], _last_used(entry)), reverse=True)
            for entry in by_use[keep:]:
                size = store.size(entry)
                if not kept[entry] and store.remove(entry, is_kept):  # again: it may have got a name meanwhile
                    removed[entry.name] = size
    folders = [artifacts / STORE / name for name in sorted(removed)]
    for folder in folders:
        if any(path.exists() for path in (folder, folder.with_suffix(store.PARTIAL))):
            raise PipelineError(f"{folder} cannot be removed: change its permissions, and those of what it contains")
    return {folder.name: removed[folder.name] for folder in folders}


def _last_used(entry: Path) -> float:
    """Return the modification time of the manifest: creating and restoring an entry set it."""
    manifest = entry / MANIFEST
    return manifest.stat().st_mtime if manifest.exists() else 0.0
