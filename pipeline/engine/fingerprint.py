"""Fingerprints of code that ignore comments, docstrings and layout.

A fingerprint covers a module and all modules of the same project that it imports, directly or indirectly, at the top or
inside a function, except modules that say, or whose package says,

    IN_NO_KEY = "the reason why they influence no result"

and what only these import. A name that such a module itself imports counts where it is defined.

Code of the project is followed, and so is all other code that is in no installed package, such as what was installed
with `--editable`. Of installed packages, the versions count.
"""

import functools
import glob
import importlib
import importlib.util
import inspect
import os
import re
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.engine import STARTED
from pipeline.engine.digests import COARSE, SECOND, remember, sha256, stamp_or_unique
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.outline import DIGEST_LENGTH, Outline, load_outline, with_packages
from pipeline.engine.provenance import NOT_INSTALLED, package_versions

LIBRARY = __package__.partition(".")[0]
SITE = "-packages"  # ends the names of folders of installed packages: site-packages, dist-packages


class Fingerprint(NamedTuple):
    """What the result of a function depends on.

    code: a short digest of each file, by its path in the project or, for other code, in the folder where Python finds
    it. versions: of Python (major and minor), and of the installed packages that the code imports.
    """

    code: dict[str, str]
    versions: dict[str, str]


def fingerprint(
    function: Callable[..., Any],
    extra_files: Collection[str] = (),
    modules: Iterable[str] = (),
) -> Fingerprint:
    """Return what influences `function`: follow all imports from its module, which counts in any case.

    extra_files: patterns of other files in the project, such as `library/templates/*`. modules: names of modules that
    count although the function does not import them. Raises PipelineError if a module cannot be parsed or followed,
    UsageError if a pattern is not relative to the project or matches no file.
    """
    start, root = find_project(function)
    detector = functools.cache(_make_detector)
    versions = package_versions(())

    @functools.cache
    def find_folders(top: str) -> tuple[Path, ...]:
        """Return the folders that may have the code of the modules of this first name; note the versions otherwise."""
        # In site-packages the project is these two packages; elsewhere it is everything in the folder.
        is_candidate = top in (start.partition(".")[0], LIBRARY) or not root.name.endswith(SITE)
        found = detector(root, "").find_spec(top) if is_candidate else None
        if found and found.origin:
            return (root,)
        if not top or top == "__main__" or top in sys.stdlib_module_names:
            return ()
        source = _find_source(top)
        if found and not source.folders and NOT_INSTALLED in source.versions.values():
            return (root,)  # a folder without `__init__.py`
        versions.update(source.versions)
        return source.folders

    @functools.cache
    def load(name: str) -> tuple[Path, Path, Outline] | None:
        for folder in find_folders(name.partition(".")[0]):
            spec = detector(folder, name.rpartition(".")[0]).find_spec(name)
            if spec and spec.origin:  # a folder without `__init__.py` has none
                return folder, Path(spec.origin), load_outline(Path(spec.origin), name)
        return None

    file = _file_of(function)
    first = load_outline(file, start)
    code = {file.relative_to(root).as_posix(): first.digest}
    for path in _find_files(root, extra_files):
        code[path.relative_to(root).as_posix()] = sha256(path)[:DIGEST_LENGTH]
    seen = {start}
    to_do = [*with_packages(start), *modules, *first.imports]
    while to_do:
        name = to_do.pop()
        if name in seen:
            continue
        seen.add(name)
        *parents, loaded = [load(each) for each in with_packages(name)]
        exempt = [each[2] for each in (*parents, loaded) if each and each[2].exempt]
        if loaded and not exempt:
            folder, path, outline = loaded
            code[path.relative_to(folder).as_posix()] = outline.digest
            to_do += outline.imports
        elif exempt and parents and parents[-1] and not loaded:  # a name from a module that influences nothing
            wanted, origins = name.rpartition(".")[2], parents[-1][2].origins
            defined = origins.values() if wanted == "*" else [origins[wanted]] if wanted in origins else []
            to_do += [each for origin in defined for each in with_packages(origin)]
    return Fingerprint(dict(sorted(code.items())), dict(sorted(versions.items())))


class _Source(NamedTuple):
    """Where a module is.

    versions: of the installed packages that contain it, by their names, or NOT_INSTALLED by its own. folders: those in
    which it has code of no installed package.
    """

    versions: Mapping[str, str]
    folders: tuple[Path, ...] = ()


def _find_source(name: str) -> _Source:
    """Return where Python finds a top-level module that is not its own.

    Raises PipelineError if it is in no installed package, and no file or folder of its name, as in an archive.
    """
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # a module that was made at run time
        spec = None
    if spec is None:
        return _Source({name: NOT_INSTALLED})
    places = [*(spec.submodule_search_locations or [spec.origin or ""])]
    found = {folder: _list_installed(folder).get(name, {}) for folder in map(os.path.dirname, places)}
    versions = {package: version for each in found.values() for package, version in each.items()}
    folders = [folder for folder, packages in found.items() if not packages]
    if folders and not any(_make_detector(Path(folder), "").find_spec(name) for folder in folders):
        raise PipelineError(
            f"the code of the module {name}, {spec.origin or places[0]}, cannot be followed: move it into the project, "
            "or install its package without --editable"
        )
    return _Source(versions, tuple(map(Path, folders)))


def _list_installed(folder: str) -> dict[str, dict[str, str]]:
    """Return, for each module in a folder of installed packages, the packages that contain it, with their versions."""
    if not folder.endswith(SITE):
        return {}

    def read() -> dict[str, dict[str, str]]:
        from importlib.metadata import distributions  # slow to import

        found: dict[str, dict[str, str]] = {}
        for each in distributions(path=[folder]):
            with suppress(Exception):  # of what is left of a removed package
                package, version = re.sub("[-_.]+", "-", each.name).lower(), each.version
                declared = (each.read_text("top_level.txt") or "").split()
                for module in declared or {file.parts[0].partition(".")[0] for file in each.files or ()}:
                    found.setdefault(module, {})[package] = version
        return found

    return remember("packages", folder, stamp_or_unique(folder), dict[str, dict[str, str]], read)


def _make_detector(folder: Path, package: str) -> FileFinder:
    """Return what finds the modules of a package in a folder, whose content it remembers."""
    return FileFinder(
        str(folder.joinpath(*package.split("."))),
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (SourceFileLoader, SOURCE_SUFFIXES),
    )


def _find_files(root: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise UsageError(f"extra_files has {pattern}: name files of the project, by their path from {root}")
        matching = glob.iglob(pattern, root_dir=root, recursive=True, include_hidden=True)
        found = [root / name for name in matching if (root / name).is_file()]
        if not found:
            raise UsageError(f"extra_files has {pattern}, which matches no file in {root}: correct the pattern")
        yield from found


def load_sources(function: Callable[..., Any], files: Collection[str]) -> list[str]:
    """Import all modules on which `function` depends; return those of the `files` that may have changed before.

    Bytecode that is older than its source is deleted, so that the next process loads the source. A module that is
    imported later, inside the function, could be one that has been edited since its digest was computed. files: a
    fingerprint of the function.
    """
    start, root = find_project(function)
    paths = {file: root / file for file in files}
    for file in files:
        name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if file.endswith(".py") and name != start:
            with suppress(Exception, SystemExit):  # the function may never import it, or handle the error
                module = importlib.import_module(name)
                if not paths[file].exists() and module.__file__:  # outside of the project
                    paths[file] = Path(module.__file__)
    old_bytecode = {file: found for file, path in paths.items() if (found := _find_old_bytecode(path))}
    for bytecode in old_bytecode.values():
        bytecode.unlink(missing_ok=True)
    return [file for file, path in paths.items() if file in old_bytecode or _changed_since_start(path)]


@functools.cache  # the modules of this process stay as they were loaded
def _find_old_bytecode(path: Path) -> Path | None:
    """Return the bytecode of an earlier version of a source that Python takes for its own.

    Python compares only the size of the source and the second of its last change.
    """
    with suppress(Exception):  # a file without bytecode, or that cannot be compiled
        bytecode = Path(importlib.util.cache_from_source(path))
        if path.suffix == ".py" and path.stat().st_ctime_ns >= bytecode.stat().st_mtime_ns:
            loader = SourceFileLoader(path.stem, str(path))
            if loader.get_code(path.stem) != loader.source_to_code(path.read_bytes(), path):
                return bytecode
    return None


def _changed_since_start(path: Path) -> bool:
    """Return whether a file changed after this process started, ignoring change times in the future (clock skew)."""
    try:
        changed = path.stat().st_ctime_ns
    except OSError:
        return False
    return changed <= time.time_ns() and changed + (0 if changed % SECOND else COARSE) > STARTED


def find_project(function: Callable[..., Any]) -> tuple[str, Path]:
    """Return the name of the function's module and the folder of its project."""
    name, file = function.__module__, _file_of(function)
    if name == "__main__":  # run as `python -m NAME`
        spec = sys.modules["__main__"].__spec__
        name = spec.name if spec else file.stem
    return name, file.parents[name.count(".") + (file.name == "__init__.py")]


def _file_of(function: Callable[..., Any]) -> Path:
    # Not resolved: `stages` may be a link to a folder, whose modules still import those of this project.
    return Path(os.path.abspath(inspect.getfile(function)))
