"""Fingerprints of code that ignore comments, docstrings and layout.

A fingerprint covers a module and all modules of the same project that it imports, directly or indirectly, at the top or
inside a function. Modules are parsed, not run: dynamic imports (`importlib.import_module`) are missed.
"""

import ast
import functools
import glob
import hashlib
import inspect
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.engine import STARTED
from pipeline.engine.cache import match, signature
from pipeline.engine.errors import PipelineError, UsageError

LIBRARY = __package__.partition(".")[0]
RUNNERS = {f"{__package__}.stage", f"{LIBRARY}.scheduling"}  # run stages: they do not influence the result
DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Module:
    """A source file, its digest, and all names that may be modules imported by it."""

    path: Path
    digest: str
    imports: tuple[str, ...]


def fingerprint(
    function: Callable[..., Any], exclude: Collection[str] = (), extra_files: Collection[str] = ()
) -> dict[str, str]:
    """Return a short digest of each file that influences `function`, by its path in the project.

    The signature of `function` is ignored, and so are the functions of its module named in `exclude`, with the imports
    that only they use: they determine parameters, which are part of the key themselves. extra_files: patterns of other
    files, as in `find_files`. Raises PipelineError if a module cannot be parsed.
    """
    start, root = locate(function)
    path = Path(inspect.getfile(function)).resolve()
    tree = _parse(path)
    names = _names(tree)
    _strip(tree)
    _drop_functions(tree, function.__name__, exclude)
    _drop_imports(tree, names - _names(tree))
    modules = _with_imports(root, start, _outline(path, tree, start))
    digests = {module.path: module.digest for module in modules}
    files = (file for found in find_files(function, extra_files).values() for file in found)
    digests |= {file: hashlib.sha256(file.read_bytes()).hexdigest()[:DIGEST_LENGTH] for file in files}
    return dict(sorted((file.relative_to(root).as_posix(), digest) for file, digest in digests.items()))


def find_files(function: Callable[..., Any], patterns: Iterable[str]) -> dict[str, list[Path]]:
    """Return the files that match each pattern, such as `library/templates/*`, by the absolute pattern.

    Raises UsageError if a pattern is not relative to the project, or matches no file.
    """
    _, root = locate(function)
    found = {}
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise UsageError(f"extra_files has {pattern}: name files of the project, by their path from {root}")
        absolute = str(Path(glob.escape(str(root)), pattern))
        found[absolute] = [path for path in map(Path, match(absolute)) if path.is_file()]
        if not found[absolute]:
            raise UsageError(f"extra_files has {pattern}, which matches no file in {root}: correct the pattern")
    return found


def find_modules(function: Callable[..., Any]) -> list[Path]:
    """Return all modules of the project that the module of the function imports, directly or indirectly."""
    start, root = locate(function)
    return [
        module.path for module in _with_imports(root, start, _load(Path(inspect.getfile(function)).resolve(), start))
    ]


def find_outdated(function: Callable[..., Any], files: Collection[str]) -> list[str]:
    """Return the files of a fingerprint that may have changed after this process loaded them."""
    _, root = locate(function)
    return [file for file in files if changed_since_start(root / file)]


def changed_since_start(path: Path) -> bool:
    """Return whether a file changed after this process started, ignoring change times in the future (clock skew)."""
    try:
        return STARTED < path.stat().st_ctime_ns <= time.time_ns()
    except OSError:
        return False


def locate(function: Callable[..., Any]) -> tuple[str, Path]:
    """Return the name of the function's module and the folder of its project."""
    file = Path(inspect.getfile(function)).resolve()
    name = function.__module__
    if name == "__main__":  # run as `python -m NAME`
        spec = sys.modules["__main__"].__spec__
        name = spec.name if spec else file.stem
    return name, file.parents[name.count(".") + (file.name == "__init__.py")]


def _with_imports(root: Path, start: str, module: Module) -> list[Module]:
    # In site-packages the project is these two packages; elsewhere it is everything in the folder.
    installed = root.name.endswith("-packages")
    project = {start.partition(".")[0], LIBRARY} if installed else {path.stem for path in root.glob("*")}
    found, seen = [module], {start}
    to_do = [*_with_packages(start), *module.imports]
    while to_do:
        name = to_do.pop()
        if name in seen or not RUNNERS.isdisjoint(_with_packages(name)) or name.partition(".")[0] not in project:
            continue
        seen.add(name)
        path = _find(root, name)
        if path is not None:
            found.append(_load(path, name))
            to_do += found[-1].imports
    return found


def _find(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split("."))
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


def _load(path: Path, name: str) -> Module:
    return _load_version(path, name, tuple(signature(str(path)) or ()))


@functools.cache
def _load_version(path: Path, name: str, version: tuple[int, ...]) -> Module:
    """Return the outline of a file, cached by its signature `version`."""
    return _outline(path, _parse(path), name)


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), path)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise PipelineError(f"{path}{line} is not valid Python ({error.args[0]}): fix it first") from None


def _outline(path: Path, tree: ast.Module, name: str) -> Module:
    imports = _strip(tree)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names = dict.fromkeys(_imported(imports, package))
    digest = hashlib.sha256(ast.dump(tree).encode(errors="surrogatepass")).hexdigest()
    return Module(path, digest[:DIGEST_LENGTH], tuple(names))


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


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


def _drop_functions(tree: ast.Module, function: str, exclude: Collection[str]) -> None:
    """Remove the signature of `function`, and the functions in `exclude` that only its decorators use."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == function:
            statement.args = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            statement.returns = None
            called = _names(ast.Module(statement.body, []))
        else:
            called = _names(ast.Module([statement], []))
        exclude = set(exclude) - called
    tree.body = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name in exclude)]


def _drop_imports(tree: ast.Module, names: Collection[str]) -> None:
    """Remove the imports of `names`. Imports that were unused from the start stay: they may have side effects."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            statement.names = [alias for alias in statement.names if (alias.asname or alias.name) not in names]
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and not node.names)]


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
