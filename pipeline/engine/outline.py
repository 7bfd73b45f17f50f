"""The outline of a file of code: a digest that ignores comments, docstrings and layout, and what the code imports.

A module is parsed, not run: dynamic imports (`importlib.import_module`, `__import__`) are missed.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pipeline.engine.digests import remember, sha256
from pipeline.engine.errors import PipelineError

EXEMPT = "IN_NO_KEY"
DIGEST_LENGTH = 16
# With these the engine reads options, checks documents and limits threads; a stage needs Typer for options alone.
UNTRACKED = {"msgspec", "threadpoolctl", "typer"}


class Outline(NamedTuple):
    """What counts of a file of code.

    imports: all names that it may import as modules, with their packages. exempt: whether it says IN_NO_KEY. origins:
    what it imports under a name of its own.
    """

    digest: str
    imports: tuple[str, ...] = ()
    exempt: bool = False
    origins: Mapping[str, str] = MappingProxyType({})


def load_outline(path: Path, name: str) -> Outline:
    """Return the outline of a file of the module `name`. Raises PipelineError if it is not valid Python."""
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
    is_package = path.name == "__init__.py"
    bound = [*_imported(_strip(tree), name if is_package else name.rpartition(".")[0])]
    digest = hashlib.sha256(ast.dump(tree).encode(errors="surrogatepass")).hexdigest()
    names = [imported for imported, _ in bound]
    if is_package:  # `from PACKAGE import *` imports the modules in `__all__`
        names += [f"{name}.{each}" for each in _find_texts(tree, "__all__")]
    exempt = any(_find_texts(tree, EXEMPT))
    ignored = UNTRACKED if name.startswith(f"{__package__}.") else {"typer"}
    counted = (each for each in names if each.partition(".")[0] not in ignored)
    imports = tuple(dict.fromkeys(each for imported in counted for each in with_packages(imported)))
    return Outline(digest[:DIGEST_LENGTH], imports, exempt, {own: each for each, own in bound})


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


def _imported(statements: Iterable[ast.Import | ast.ImportFrom], package: str) -> Iterator[tuple[str, str]]:
    """Yield each name that may be a module, and the name that the importing module gives it, empty if it gives none."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.asname or "") for alias in node.names)
        else:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *(node.module.split(".") if node.module else [])])
            yield base, ""
            yield from ((f"{base}.{alias.name}", alias.asname or alias.name) for alias in node.names)


def with_packages(name: str) -> Iterator[str]:
    """Yield `a`, `a.b` and `a.b.c` for `a.b.c`: importing a module imports its packages too."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
