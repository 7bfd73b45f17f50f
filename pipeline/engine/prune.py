"""The store grows with every new result; here the room comes back of those that were not used for longest."""

from collections import defaultdict
from contextlib import suppress
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
    """Remove all but the `keep` last used results of each stage from the store, and what killed runs have left.

    What is published stays, and counts among these; what a process reads or makes just now stays as well.
    """
    shown = store.published(artifacts)
    by_stage: dict[str, list[Path]] = defaultdict(list)
    for entry in store.entries(artifacts):
        by_stage[store.stage_of(entry)].append(entry)
    superfluous = store.leftovers(artifacts)
    for entries in by_stage.values():
        entries.sort(key=lambda entry: (entry in shown, _last_used(entry)), reverse=True)
        superfluous += [entry for entry in entries[keep:] if entry not in shown]
    sizes: dict[str, int | None] = {}
    for entry in superfluous:
        with suppress(FileNotFoundError):  # another prune was quicker
            sizes[entry.name] = store.remove(entry)
    return Pruned(
        removed={name: size for name, size in sizes.items() if size is not None},
        in_use=tuple(name for name, size in sizes.items() if size is None),
    )


def _last_used(entry: Path) -> float:
    """When it was made, shown again or found up to date; all of these set the time of its manifest."""
    manifest = entry / MANIFEST
    return manifest.stat().st_mtime if manifest.exists() else 0.0
