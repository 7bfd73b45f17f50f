"""Fingerprints of code that ignore comments, docstrings and layout.

A fingerprint covers a module and all modules of the same project that it imports, directly or indirectly, at the top or
inside a function, except modules that say, or whose package says,

    IN_NO_KEY = "the reason why they influence no result"

and what only these import. Modules are parsed, not run: dynamic imports (`importlib.import_module`, `__import__`) are
missed.
"""

import ast
import functools
import glob
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.engine import STARTED
from pipeline.engine.digests import COARSE, SECOND, remember, sha256
from pipeline.engine.errors import PipelineError, UsageError

LIBRARY = __package__.partition(".")[0]
EXEMPT = "IN_NO_KEY"
DIGEST_LENGTH = 16


def fingerprint(
    function: Callable[..., Any],
    extra_files: Collection[str] = (),
    modules: Iterable[str] = (),
) -> dict[str, str]:
    """Return a short digest of each file that influences `function`, by its path in the project.

    extra_files: patterns of other files in the project, such as `library/templates/*`. modules: names of modules that
    count although the function does not import them. The module of the function counts in any case. Raises
    PipelineError if a module cannot be parsed, UsageError if a pattern is not relative to the project or matches no
    file.
    """
    _, root = locate(function)
    digests = _digest_modules(function, modules)
    digests |= {path: sha256(path)[:DIGEST_LENGTH] for path in _find_files(root, extra_files)}
    return dict(sorted((path.relative_to(root).as_posix(), digest) for path, digest in digests.items()))


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

    A module that is imported later, inside the function, could be one that has been edited since its digest was
    computed. files: a fingerprint of the function.
    """
    start, root = locate(function)
    for file in files:
        name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if file.endswith(".py") and name != start:
            with suppress(Exception, SystemExit):  # the function may never import it, or handle the error
                importlib.import_module(name)
    return [file for file in files if _changed_since_start(root / file) or _has_old_bytecode(root / file)]


@functools.cache  # the modules of this process stay as they were loaded
def _has_old_bytecode(path: Path) -> bool:
    """Return whether Python takes the bytecode of an earlier version of a source for its own; delete this bytecode.

    Python compares only the size of the source and the second of its last change.
    """
    with suppress(Exception):  # a file without bytecode, or that cannot be compiled
        bytecode = Path(importlib.util.cache_from_source(path))
        if path.suffix == ".py" and path.stat().st_ctime_ns >= bytecode.stat().st_mtime_ns:
            loader = SourceFileLoader(path.stem, str(path))
            if loader.get_code(path.stem) != loader.source_to_code(path.read_bytes(), path):
                bytecode.unlink(missing_ok=True)
                return True
    return False


def _changed_since_start(path: Path) -> bool:
    """Return whether a file changed after this process started, ignoring change times in the future (clock skew)."""
    try:
        changed = path.stat().st_ctime_ns
    except OSError:
        return False
    return changed <= time.time_ns() and changed + (0 if changed % SECOND else COARSE) > STARTED


def locate(function: Callable[..., Any]) -> tuple[str, Path]:
    """Return the name of the function's module and the folder of its project."""
    name, file = function.__module__, _file_of(function)
    if name == "__main__":  # run as `python -m NAME`
        spec = sys.modules["__main__"].__spec__
        name = spec.name if spec else file.stem
    return name, file.parents[name.count(".") + (file.name == "__init__.py")]


def _file_of(function: Callable[..., Any]) -> Path:
    # Not resolved: `stages` may be a link to a folder, whose modules still import those of this project.
    return Path(os.path.abspath(inspect.getfile(function)))


class Outline(NamedTuple):
    """What counts of a file of code.

    imports: all names that it may import as modules. exempt: whether it says IN_NO_KEY.
    """

    digest: str
    imports: tuple[str, ...] = ()
    exempt: bool = False


def _digest_modules(function: Callable[..., Any], modules: Iterable[str]) -> dict[Path, str]:
    """Return the digests of the function's module and of all modules of the project that it imports, also indirectly.

    modules: as in `fingerprint`.
    """
    start, root = locate(function)
    # In site-packages the project is these two packages; elsewhere it is everything in the folder.
    installed = root.name.endswith("-packages")
    project = {start.partition(".")[0], LIBRARY} if installed else {path.name.split(".")[0] for path in root.glob("*")}
    make_finder = functools.cache(_make_finder)

    @functools.cache
    def load(name: str) -> tuple[Path, Outline] | None:
        spec = make_finder(root, name.rpartition(".")[0]).find_spec(name)
        # A folder without `__init__.py` has no origin.
        return (Path(spec.origin), _load(Path(spec.origin), name)) if spec and spec.origin else None

    file = _file_of(function)
    outline = _load(file, start)
    digests, seen = {file: outline.digest}, {start}
    to_do = [*_with_packages(start), *outline.imports, *modules]
    while to_do:
        name = to_do.pop()
        if name in seen or name.partition(".")[0] not in project:
            continue
        seen.add(name)
        loaded = [load(each) for each in _with_packages(name)]
        if loaded[-1] and not any(each and each[1].exempt for each in loaded):
            path, outline = loaded[-1]
            digests[path] = outline.digest
            to_do += outline.imports
    return digests


def _make_finder(root: Path, package: str) -> FileFinder:
    """Return what Python finds the modules of a package with; it remembers the content of the folder."""
    folder = str(root.joinpath(*package.split(".")))
    return FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (SourceFileLoader, SOURCE_SUFFIXES))


def _load(path: Path, name: str) -> Outline:
    """Return the outline of a file of the module `name`."""
    digest = sha256(path)
    if path.suffix != ".py":
        return Outline(digest[:DIGEST_LENGTH])
    # Outlines differ between versions of Python, whose syntax trees differ, and between versions of this module.
    state = [digest, sha256(__file__), *sys.version_info[:2]]
    return remember("outline", path, state, Outline, lambda: _outline(path, name))


def _outline(path: Path, name: str) -> Outline:
    try:
        tree = ast.parse(path.read_bytes(), path)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise PipelineError(f"{path}{line} is not valid Python ({error.args[0]}): fix it first") from None
    imports = _strip(tree)
    is_package = path.name == "__init__.py"
    digest = hashlib.sha256(ast.dump(tree).encode(errors="surrogatepass")).hexdigest()
    names = [*_imported(imports, name if is_package else name.rpartition(".")[0])]
    if is_package:  # `from PACKAGE import *` imports the modules in `__all__`
        names += [f"{name}.{each}" for each in _find_texts(tree, "__all__")]
    return Outline(digest[:DIGEST_LENGTH], tuple(dict.fromkeys(names)), any(_find_texts(tree, EXEMPT)))


def _find_texts(tree: ast.Module, name: str) -> Iterator[str]:
    """Yield the strings that are assigned, at the top of a module, to a variable of this name."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets) and statement.value:
                for node in ast.walk(statement.value):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        yield node.value


def _strip(node: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """Remove statements without effect from all blocks below the node; return the remaining imports."""
    imports: list[ast.Import | ast.ImportFrom] = []
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            block[:] = (statement for statement in block if not _has_no_effect(statement))
            for statement in block:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    imports.append(statement)
                else:
                    imports += _strip(statement)
    return imports


def _has_no_effect(statement: ast.AST) -> bool:
    """Return whether a statement is a docstring, or a block for type checkers or `python -m` only."""
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
        case ast.If(ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), orelse=[]):
            return True
        case ast.If(ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]), orelse=[]):
            return True
    return False


def _imported(statements: Iterable[ast.Import | ast.ImportFrom], package: str) -> Iterator[str]:
    for node in statements:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *(node.module.split(".") if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            yield from _with_packages(name)


def _with_packages(name: str) -> Iterator[str]:
    """Yield `a`, `a.b` and `a.b.c` for `a.b.c`: importing a module imports its packages too."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
