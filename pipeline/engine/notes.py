"""Notes of what a stage saw, for `look`, which compares them when make starts.

A note states one fact: with these options, and while everything that it lists is as listed, the stage is up to date.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.engine import look
from pipeline.engine.artifacts import MANIFEST, Manifest
from pipeline.engine.fingerprint import changed_since_start, find_modules, locate

DECLARED = "pyproject.toml"  # in the working directory: the defaults of options


def observe(
    function: Callable[..., Any],
    inputs: Mapping[str, Path],
    watched: Iterable[str],
    options: Sequence[str],
    unkeyed: Mapping[str, bool],
) -> dict[str, Any] | None:
    """See what decides the result of a stage, before any of it is used.

    inputs: the folders of its inputs by name. watched: patterns of other files that it reads. options: of its command;
    unkeyed: those that decide nothing, and whether a value follows them. None if a file of code or of defaults has
    changed since this process started: its earlier state may have been used.
    """
    _, root = locate(function)
    modules = find_modules(function)
    if any(map(changed_since_start, (Path(DECLARED), *modules))):
        return None
    packages = [str(Path(folder, "*.dist-info")) for folder in sys.path if folder.endswith("-packages")]
    files = [DECLARED, *map(str, modules), *(str(folder / MANIFEST) for folder in inputs.values())]
    return {
        "options": list(options),
        "unkeyed": dict(unkeyed),
        "inputs": list(inputs),
        "process": look.process(),
        "links": {str(folder): look.read_link(str(folder)) for folder in inputs.values()},
        "modules": {
            str(folder): look.list_modules(str(folder)) for folder in {root, *(path.parent for path in modules)}
        },
        "patterns": {pattern: look.match(pattern) for pattern in (*packages, *watched)},
        "files": {path: [look.signature(path), look.sha256(path)] for path in files},
    }


def write(output: Path, seen: Mapping[str, Any] | None, manifest: Manifest) -> None:
    """Note that `output` shows the result that belongs to what was seen; without that, remove an earlier note."""
    path = output.parent / look.NOTES / f"{output.name}.json"
    if seen is None:
        with suppress(OSError):
            path.unlink()
        return
    made = {str(output / name): facts["sha256"] for name, facts in manifest.outputs.items()}
    made[str(output / MANIFEST)] = look.sha256(str(output / MANIFEST))
    files = {path: [look.signature(path), digest] for path, digest in made.items()}
    links = {**seen["links"], str(output): look.read_link(str(output))}
    look.save(str(path), {**seen, "links": links, "files": {**seen["files"], **files}})
