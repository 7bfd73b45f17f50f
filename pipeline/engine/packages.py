"""Find out where an imported module comes from: an installed package, whose version counts, or a folder of code."""

import importlib.util
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from typing import NamedTuple

from pipeline.engine.digests import remember, stamp_or_unique
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import NOT_INSTALLED

SITE = "-packages"  # ends the names of folders of installed packages: site-packages, dist-packages


class Source(NamedTuple):
    """Where a module is.

    versions: of the installed packages that contain it, by their names, or NOT_INSTALLED by its own. folders: those in
    which it has code of no installed package.
    """

    versions: Mapping[str, str]
    folders: tuple[Path, ...] = ()


def find_source(name: str) -> Source:
    """Return where Python finds a top-level module that is not its own.

    Raises PipelineError if it is in no installed package, and no file or folder of its name, as in an archive.
    """
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # a module that was made at run time
        spec = None
    if spec is None:
        return Source({name: NOT_INSTALLED})
    places = [*(spec.submodule_search_locations or [spec.origin or ""])]
    found = {folder: _list_installed(folder).get(name, {}) for folder in map(os.path.dirname, places)}
    versions = {package: version for each in found.values() for package, version in each.items()}
    folders = [folder for folder, packages in found.items() if not packages]
    if folders and not any(make_detector(Path(folder), "").find_spec(name) for folder in folders):
        raise PipelineError(
            f"the code of the module {name}, {spec.origin or places[0]}, cannot be followed: move it into the project, "
            "or install its package without --editable"
        )
    return Source(versions, tuple(map(Path, folders)))


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


def make_detector(folder: Path, package: str) -> FileFinder:
    """Return what finds the modules of a package in a folder, whose content it remembers."""
    return FileFinder(
        str(folder.joinpath(*package.split("."))),
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (SourceFileLoader, SOURCE_SUFFIXES),
    )
