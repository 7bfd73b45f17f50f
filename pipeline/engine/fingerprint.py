"""A fingerprint of code stays the same when nothing but comments, docstrings or layout have changed.

It covers the module of a stage and every module of the same project that it imports, directly or through others,
at the top or inside a function. They are read, never run; a name that a program puts together while it runs
(`importlib.import_module`) is not seen.
"""

import ast
import contextlib
import hashlib
import importlib.util
import inspect
import marshal
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from pipeline.engine import STARTED
from pipeline.engine.errors import PipelineError

# What runs a stage is no part of it, nor where its work is done: an edit there does not change what comes out.
LIBRARY = __package__.partition(".")[0]
RUNNERS = (f"{__package__}.stage", f"{LIBRARY}.scheduling")
OUTDATED: set[Path] = set()  # what this process has loaded in another state than it is in
DIGITS = 16  # of each digest
CLOCK_TICK = 4_000_000  # nanoseconds by which the time of a file may lie behind the clock; Python starts more slowly


def fingerprint(
    function: Callable[..., Any], without: Collection[str] = (), beside: Collection[str] = ()
) -> dict[str, str]:
    """A short digest of each file that decides what `function` does, by its path in the project.

    These are Python modules, and those that match one of the patterns in `beside`, as `library/templates/*`: of a
    page or a table every byte counts. The function's own signature does not count, nor do the functions of its module
    that are named in `without`, nor what only these import: they decide which values its parameters have, and these
    stand in a key by themselves. Raises PipelineError if one of the modules cannot be parsed.
    """
    start, root = _place(function)
    # Among installed packages only these two are ours; elsewhere everything beside them is.
    ours = {start.partition(".")[0], LIBRARY} if root.name.endswith("-packages") else None
    found: dict[str, str] = {}
    seen = set(RUNNERS)
    to_do = list(_with_packages(start))
    while to_do:
        name = to_do.pop()
        if name in seen or name.startswith(RUNNERS) or (ours and name.partition(".")[0] not in ours):
            continue
        seen.add(name)
        path = _find(root, name)
        if path is None:
            continue
        tree = _parse(path)
        everything = _names(tree)
        _drop_idle(tree)
        if name == start:
            _leave_out(tree, function.__name__, without)
            _drop_imports(tree, everything - _names(tree))
        found[path.relative_to(root).as_posix()] = _digest(tree)
        to_do += _imports(tree, name if path.name == "__init__.py" else name.rpartition(".")[0])
    for path in (path for pattern in beside for path in root.glob(pattern) if path.is_file()):
        found[path.relative_to(root).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]
    return dict(sorted(found.items()))


def load(function: Callable[..., Any], files: Collection[str]) -> list[str]:
    """Import the modules that a fingerprint of the function names by their `files`, so that later edits do not count.

    Returns the files of which this process may have loaded another state than the one whose fingerprint was taken:
    those that were changed after it had begun, or that it has taken from somebody's compiled file of another state.
    """
    start, root = _place(function)
    modules = [file for file in files if file.endswith(".py")]
    names = {file: file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in modules}
    for file, name in names.items():
        compiled = Path(importlib.util.cache_from_source(root / file))
        if compiled.exists():
            if (name == start or name in sys.modules) and not _is_compiled_from(compiled, root / file):
                OUTDATED.add(root / file)
            compiled.unlink(missing_ok=True)
    for name in names.values():
        if name != start:
            with contextlib.suppress(Exception):  # the function itself will meet it, if it comes to that
                importlib.import_module(name)
    since = STARTED - CLOCK_TICK
    return [file for file in files if root / file in OUTDATED or (root / file).stat().st_ctime_ns > since]


def _is_compiled_from(compiled: Path, source: Path) -> bool:
    try:
        code = marshal.loads(compiled.read_bytes()[16:])  # after the header, as importlib has it
        return bool(code == compile(source.read_bytes(), source, "exec", dont_inherit=True))
    except (OSError, ValueError, EOFError, TypeError):  # then Python cannot have loaded it either
        return True


def _place(function: Callable[..., Any]) -> tuple[str, Path]:
    """The name under which others import the function's module, and the folder of its topmost package."""
    file = Path(inspect.getfile(function)).resolve()
    name = function.__module__
    if name == "__main__":  # it runs as `python -m NAME`
        spec = sys.modules["__main__"].__spec__
        name = spec.name if spec else file.stem
    return name, file.parents[name.count(".") + (file.name == "__init__.py")]


def _find(root: Path, name: str) -> Path | None:
    place = root.joinpath(*name.split("."))
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), path)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise PipelineError(f"{path}{line} is no Python ({error.args[0]}): mend it first") from None


def _names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _drop_idle(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                statements[:] = (statement for statement in statements if not _is_idle(statement))


def _is_idle(statement: ast.stmt) -> bool:
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


def _digest(tree: ast.Module) -> str:
    """Of the tree without its positions, and without fields that hold nothing, which newer Pythons add."""
    digest = hashlib.sha256()
    to_do: list[Any] = [tree]
    while to_do:
        node = to_do.pop()
        if isinstance(node, ast.AST):
            fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
            digest.update(repr((type(node).__name__, [name for name, _ in fields])).encode())
            to_do += [value for _, value in fields]
        elif isinstance(node, list):
            digest.update(repr(len(node)).encode())
            to_do += node
        else:
            digest.update(repr((type(node).__name__, node)).encode())
    return digest.hexdigest()[:DIGITS]


def _imports(tree: ast.Module, package: str) -> Iterator[str]:
    """Every name that may be a module which the tree imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *(node.module.split(".") if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _with_packages(name)


def _with_packages(name: str) -> Iterator[str]:
    """`a`, `a.b` and `a.b.c` for `a.b.c`: an import of a module runs its packages too."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
