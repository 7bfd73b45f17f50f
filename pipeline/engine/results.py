"""List the results of a stage in the store, with the names that links in the folder of artifacts give them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pipeline.engine import STORE, store
from pipeline.engine.artifacts import Manifest, read_manifest
from pipeline.engine.errors import PipelineError

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
