"""The store grows with every new result; here the room comes back of those that were not used for longest."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.engine import store
from pipeline.engine.artifacts import MANIFEST


@dataclass(frozen=True)
class Pruned:
    """What was removed from the store, in bytes by name, and what was not since a process reads or makes it."""

    removed: dict[str, int]
    in_use: tuple[str, ...]


def prune(artifacts: Path, keep: int) -> Pruned:
    """Remove all but the `keep` last used results of each stage from the store, and all that killed runs have left.

    What is published stays, and counts among these; what a process reads stays as well, and so does all of a stage
    that runs just now.
    """
    removed: dict[str, int] = {}
    in_use: list[str] = []
    for stage in store.entries(artifacts).keys() | store.leftovers(artifacts).keys():
        with store.stage_lock(artifacts / stage, stage) as alone:
            superfluous = _superfluous(artifacts, stage, keep)
            if not alone:
                in_use += [path.name for path in (*store.leftovers(artifacts).get(stage, []), *superfluous)]
                continue
            removed |= store.sweep(artifacts / store.STORE, stage, checkpoints=True)
            for entry in superfluous:
                size = store.size(entry)
                if store.remove(entry):
                    removed[entry.name] = size
                else:
                    in_use.append(entry.name)
    return Pruned(dict(sorted(removed.items())), tuple(sorted(in_use)))


def _superfluous(artifacts: Path, stage: str, keep: int) -> list[Path]:
    shown = store.published(artifacts)
    entries = store.entries(artifacts).get(stage, [])
    entries.sort(key=lambda entry: (entry in shown, _last_used(entry)), reverse=True)
    return [entry for entry in entries[keep:] if entry not in shown]


def _last_used(entry: Path) -> float:
    """When it was made or last restored; both set the time of its manifest."""
    manifest = entry / MANIFEST
    return manifest.stat().st_mtime if manifest.exists() else 0.0
