"""A fingerprint of code stays the same when nothing but comments, docstrings or layout have changed.

It covers the module of a stage and every module of the same project that it imports, directly or through others,
at the top or inside a function. They are read, never run; a name that a program puts together while it runs
(`importlib.import_module`) is not seen.
"""

import ast
import contextlib
import functools
import hashlib
import importlib.util
import inspect
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from pipeline.engine import STARTED
from pipeline.engine.errors import PipelineError
from pipeline.engine.look import list_modules, signature

# The modules that run a stage, and those that decide where its work is done: an edit there does not change the result.
LIBRARY = __package__.partition(".")[0]
RUNNERS = (f"{__package__}.stage", f"{LIBRARY}.scheduling")
OUTDATED: set[Path] = set()  # what this process has loaded in another state than it is in
DIGITS = 16  # of each digest
CLOCK_TICK = 4_000_000  # nanoseconds by which the time of a file may lie behind the clock; Python starts more slowly


@dataclass(frozen=True)
class Module:
    """A file of code, its digest, and every name that may be a module which it imports."""

    path: Path
    digest: str
    imports: tuple[str, ...]


def fingerprint(
    function: Callable[..., Any], without: Collection[str] = (), extra_files: Collection[str] = ()
) -> dict[str, str]:
    """A short digest of each file that decides what `function` does, by its path in the project.

    These are Python modules, and those that match one of the patterns in `extra_files`, as `library/templates/*`: of a
    page or a table every byte counts. The function's own signature does not count, nor do the functions of its module
    that are named in `without`, nor what only these import: they decide which values its parameters have, and these
    stand in a key by themselves. Raises PipelineError if one of the modules cannot be parsed.
    """
    start, root = locate(function)
    path = _require(root, start)
    tree = _parse(path)
    everything = _names(tree)
    _strip(tree)
    _leave_out(tree, function.__name__, without)
    _drop_imports(tree, everything - _names(tree))
    modules = _reach(root, start, _outline(path, tree, start))
    files = (file for pattern in extra_files for file in root.glob(pattern) if file.is_file())
    digests = {module.path: module.digest for module in modules}
    digests |= {file: hashlib.sha256(file.read_bytes()).hexdigest()[:DIGITS] for file in files}
    return dict(sorted((file.relative_to(root).as_posix(), digest) for file, digest in digests.items()))


def find_modules(function: Callable[..., Any]) -> list[Path]:
    """All modules of the project that the module of the function imports, for whatever purpose."""
    start, root = locate(function)
    path = _require(root, start)
    return [module.path for module in _reach(root, start, _read(path, start, tuple(signature(str(path)) or ())))]


def load(function: Callable[..., Any], files: Collection[str]) -> list[str]:
    """Import the modules that a fingerprint of the function names by their `files`, so that later edits do not count.

    Returns the files of which this process may have loaded another state than the one whose fingerprint was taken:
    those that were changed after it had begun, or whose compiled file is of another state.
    """
    start, root = locate(function)
    modules = [file for file in files if file.endswith(".py")]
    names = {file: file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in modules}
    for file, name in names.items():
        loaded = name == start or name in sys.modules
        if not _drop_outdated_compiled(root / file) and loaded:
            OUTDATED.add(root / file)
    for name in names.values():
        if name != start:
            with contextlib.suppress(Exception):  # the function itself will meet it, if it comes to that
                importlib.import_module(name)
    return [file for file in files if root / file in OUTDATED or changed_since_start(root / file)]


def changed_since_start(path: Path) -> bool:
    """Whether a file was changed after this process had begun.

    A change time in the future is ignored: the clock was set back since, or the file server's clock is ahead.
    """
    try:
        changed = path.stat().st_ctime_ns
    except OSError:
        return False
    return STARTED - CLOCK_TICK < changed <= time.time_ns()


def _drop_outdated_compiled(source: Path) -> bool:
    """Whether Python loads the module from this state of its source.

    Python reuses a .pyc file if the source's size and modification time, in seconds, match. So one that is not younger
    than the source is compared, and removed if it differs.
    """
    compiled = Path(importlib.util.cache_from_source(source))
    with contextlib.suppress(OSError):
        if compiled.stat().st_ctime_ns > source.stat().st_ctime_ns:
            return True
        loader = SourceFileLoader(source.stem, str(source))  # which decides, as an import does; nothing of it is run
        code = compile(source.read_bytes(), source, "exec", dont_inherit=True)
        with contextlib.suppress(ValueError, EOFError, TypeError, ImportError):  # then Python cannot load it either
            if loader.get_code(loader.name) != code:
                with contextlib.suppress(PermissionError):  # of an installation that somebody else owns
                    compiled.unlink()
                return False
    return True


def locate(function: Callable[..., Any]) -> tuple[str, Path]:
    """The name under which others import the function's module, and the folder of its topmost package."""
    file = Path(inspect.getfile(function)).resolve()
    name = function.__module__
    if name == "__main__":  # it runs as `python -m NAME`
        spec = sys.modules["__main__"].__spec__
        name = spec.name if spec else file.stem
    return name, file.parents[name.count(".") + (file.name == "__init__.py")]


def _reach(root: Path, start: str, module: Module) -> list[Module]:
    """The module and all of the project that it imports, directly or through others."""
    # Among installed packages only these two are ours; elsewhere everything beside them is.
    installed = root.name.endswith("-packages")
    ours = {start.partition(".")[0], LIBRARY} if installed else {Path(name).stem for name in list_modules(str(root))}
    found, seen = [module], {start}
    to_do = [*_with_packages(start), *module.imports]
    while to_do:
        name = to_do.pop()
        if name in seen or name.startswith(RUNNERS) or name.partition(".")[0] not in ours:
            continue
        seen.add(name)
        path = _find(root, name)
        if path is not None:
            found.append(_read(path, name, tuple(signature(str(path)) or ())))
            to_do += found[-1].imports
    return found


def _find(root: Path, name: str) -> Path | None:
    place = root.joinpath(*name.split("."))
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


def _require(root: Path, name: str) -> Path:
    path = _find(root, name)
    assert path is not None, f"{name} is a module"
    return path


@functools.cache
def _read(path: Path, name: str, state: tuple[int, ...]) -> Module:
    """The outline of a file in this state, which its signature tells; each is parsed once a process."""
    return _outline(path, _parse(path), name)


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), path)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise PipelineError(f"{path}{line} is not valid Python ({error.args[0]}): fix it first") from None


def _outline(path: Path, tree: ast.Module, name: str) -> Module:
    imports = _strip(tree)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names = dict.fromkeys(_imported(imports, package))
    try:
        digest = hashlib.sha256(ast.dump(tree).encode(errors="surrogatepass"))
    except RecursionError:  # of an expression that is nested hundreds of times
        digest = hashlib.sha256(path.read_bytes())
    return Module(path, digest.hexdigest()[:DIGITS], tuple(names))


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _strip(node: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """Drop what decides nothing from all blocks below the node; the import statements that stay."""
    imports: list[ast.Import | ast.ImportFrom] = []
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            block[:] = (statement for statement in block if not _is_idle(statement))
            for statement in block:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    imports.append(statement)
                else:
                    imports += _strip(statement)
    return imports


def _is_idle(statement: ast.AST) -> bool:
    """Whether it is a docstring, or a block that only a type checker or `python -m` enters."""
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
        case ast.If(ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), orelse=[]):
            return True
        case ast.If(ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]), orelse=[]):
            return True
    return False


def _leave_out(tree: ast.Module, function: str, without: Collection[str]) -> None:
    """Take the signature of `function` away, and the functions in `without` that nothing calls but its decorators."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == function:
            statement.args = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            statement.returns = None
            called = _names(ast.Module(statement.body, []))
        else:
            called = _names(ast.Module([statement], []))
        without = set(without) - called
    tree.body = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name in without)]


def _drop_imports(tree: ast.Module, names: Collection[str]) -> None:
    """Take the imports of `names` away, which nothing uses any more. One that nothing ever used is there to act."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            statement.names = [alias for alias in statement.names if (alias.asname or alias.name) not in names]
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and not node.names)]


def _imported(statements: Iterable[ast.Import | ast.ImportFrom], package: str) -> Iterator[str]:
    """Every name that may be a module which the statements import."""
    for node in statements:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *(node.module.split(".") if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            yield from _with_packages(name)


def _with_packages(name: str) -> Iterator[str]:
    """`a`, `a.b` and `a.b.c` for `a.b.c`: an import of a module runs its packages too."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
