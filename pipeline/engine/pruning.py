"""Deletion of the least recently used results from the store."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pipeline.engine import STORE, store
from pipeline.engine.artifacts import MANIFEST
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.results import read_results


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
