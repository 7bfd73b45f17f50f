"""Deletion of the least recently used results from the store."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.engine import store
from pipeline.engine.artifacts import MANIFEST


@dataclass(frozen=True)
class Pruned:
    """Removed entries, name to bytes, and the names of those that another process is reading or creating."""

    removed: dict[str, int]
    in_use: tuple[str, ...]


def prune(artifacts: Path, keep: int) -> Pruned:
    """Remove all but the `keep` last used results of each stage, and all leftovers of interrupted runs.

    Published results are kept and count towards `keep`. Read-locked results and those of a running stage are kept too.
    """
    removed: dict[str, int] = {}
    in_use: list[str] = []
    for stage in store.entries(artifacts).keys() | store.leftovers(artifacts).keys():
        with store.stage_lock(artifacts / stage, stage) as locked:
            unused = _unused(artifacts, stage, keep)
            if not locked:
                in_use += [path.name for path in (*store.leftovers(artifacts).get(stage, []), *unused)]
                continue
            removed |= store.sweep(artifacts / store.STORE, stage, checkpoints=True)
            for entry in unused:
                size = store.size(entry)
                if store.remove(entry):
                    removed[entry.name] = size
                else:
                    in_use.append(entry.name)
    return Pruned(dict(sorted(removed.items())), tuple(sorted(in_use)))


def _unused(artifacts: Path, stage: str, keep: int) -> list[Path]:
    published = store.published(artifacts)
    entries = store.entries(artifacts).get(stage, [])
    entries.sort(key=lambda entry: (entry in published, _last_used(entry)), reverse=True)
    return [entry for entry in entries[keep:] if entry not in published]


def _last_used(entry: Path) -> float:
    """Return the modification time of the manifest: creating and restoring an entry set it."""
    manifest = entry / MANIFEST
    return manifest.stat().st_mtime if manifest.exists() else 0.0
