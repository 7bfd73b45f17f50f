"""Notes of what a stage saw, for `look`, which compares them when make starts.

A note states one fact: with these options, and while everything that it lists is as listed, the stage is up to date.
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

DECLARED = "pyproject.toml"  # in the working directory: the defaults of options
ENGINE = Path(__file__).parent  # it decides how all this is compared


def observe(
    function: Callable[..., Any],
    inputs: Mapping[str, Path],
    extra_files: Collection[str],
    watched: Collection[str],
    options: Sequence[str],
    unkeyed: Mapping[str, bool],
) -> dict[str, Any] | None:
    """See what decides the result of a stage, before any of it is used.

    inputs: the folders of its inputs by name. extra_files, watched: patterns of other files that it reads, in its
    project and anywhere. options: of its command; unkeyed: those that decide nothing, and whether a value follows them.
    None if a file of code or of defaults has changed since this process started: its earlier state may have been used.
    """
    _, root = locate(function)
    project = [str(Path(glob.escape(str(root)), pattern)) for pattern in extra_files]
    modules = [*find_modules(function), *ENGINE.glob("*.py")]
    used = [Path(DECLARED), *modules, *(Path(path) for pattern in project for path in look.match(pattern))]
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


def write(output: Path, seen: Mapping[str, Any] | None, manifest: Manifest) -> None:
    """Note that `output` shows the result that belongs to what was seen; without that, remove an earlier note.

    Another process may have published another result since the manifest was read. Then there is no note either.
    """
    made = {str(output / name): facts["sha256"] for name, facts in manifest.outputs.items()}
    made[str(output / MANIFEST)] = look.sha256(str(output / MANIFEST))
    files = {path: [look.signature(path), digest] for path, digest in made.items()}
    link = look.read_link(str(output))
    entry = store.entry_of(output, manifest.provenance.stage, manifest.provenance.key)
    path = output.parent / look.NOTES / f"{output.name}.json"
    if seen is None or link not in (None, str(Path(store.STORE, entry.name))):
        with suppress(OSError):
            path.unlink()
        return
    links = {**seen["links"], str(output): link}
    look.save(str(path), {**seen, "links": links, "files": {**seen["files"], **files}})
