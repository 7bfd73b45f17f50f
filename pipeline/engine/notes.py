"""Notes: records of the files that a stage depends on, compared by `look.py` when make starts.

A stage is up to date as long as the options and everything listed in its note are unchanged.
"""

import glob
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.engine import look, store
from pipeline.engine.artifacts import MANIFEST, Manifest
from pipeline.engine.fingerprint import changed_since_start, find_modules, locate

DEFAULTS = "pyproject.toml"  # in the working directory: defaults of options
ENGINE = Path(__file__).parent  # its modules compute the keys


def take_snapshot(
    function: Callable[..., Any],
    inputs: Mapping[str, Path],
    extra_files: Collection[str],
    watched: Collection[str],
    options: Sequence[str],
    unkeyed: Mapping[str, bool],
) -> dict[str, Any] | None:
    """Record the state of everything that a stage depends on, before any of it is used.

    extra_files: patterns of other files, relative to the project. watched: the same, relative to the working directory.
    unkeyed: options that are not part of the key, each mapped to whether a value follows it. Returns None if source
    code or pyproject.toml changed since this process started: the process may have used the earlier version.
    """
    _, root = locate(function)
    project = [str(Path(glob.escape(str(root)), pattern)) for pattern in extra_files]
    modules = [*find_modules(function), *ENGINE.glob("*.py")]
    used = [Path(DEFAULTS), *modules, *(Path(path) for pattern in project for path in look.match(pattern))]
    if any(map(changed_since_start, used)):
        return None
    packages = [str(Path(glob.escape(folder), "*.dist-info")) for folder in sys.path if folder.endswith("-packages")]
    hashed = [*map(str, used), *(str(folder / MANIFEST) for folder in inputs.values())]
    unhashed = [path for pattern in watched for path in look.match(pattern)]  # they may be large
    return {
        "options": list(options),
        "unkeyed": dict(unkeyed),
        "inputs": list(inputs),
        "process": look.process(),
        "links": {str(folder): look.read_link(str(folder)) for folder in inputs.values()},
        "modules": {
            str(folder): look.list_modules(str(folder)) for folder in {root, *(path.parent for path in modules)}
        },
        "patterns": {pattern: look.match(pattern) for pattern in (*packages, *project, *watched)},
        "files": {path: [look.signature(path), None] for path in unhashed}
        | {path: [look.signature(path), look.sha256(path)] for path in hashed},
    }


def write(output: Path, snapshot: Mapping[str, Any] | None, manifest: Manifest) -> None:
    """Record in a note that the result at `output` is up to date for `snapshot`.

    Without a snapshot, or if another process has published another result, remove the earlier note instead.
    """
    made = {str(output / name): facts["sha256"] for name, facts in manifest.outputs.items()}
    made[str(output / MANIFEST)] = look.sha256(str(output / MANIFEST))
    files = {path: [look.signature(path), digest] for path, digest in made.items()}
    link = look.read_link(str(output))
    entry = store.entry_of(output, manifest.provenance.stage, manifest.provenance.key)
    path = output.parent / look.NOTES / f"{output.name}.json"
    if snapshot is None or link not in (None, str(Path(store.STORE, entry.name))):
        with suppress(OSError):
            path.unlink()
        return
    links = {**snapshot["links"], str(output): link}
    look.save(str(path), {**snapshot, "links": links, "files": {**snapshot["files"], **files}})
