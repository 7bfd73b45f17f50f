"""A public name has one meaning: no two modules define it with different values."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.processes import ROOT

# Names that are always read with their module, their class or their command.
ALLOWED = {
    "IN_NO_KEY",  # a declaration to the engine, in any module
    *("load", "save"),  # idx.load, as in the module json, and the interface for Python
    *("main", "resolve", "run"),  # of a program, of a stage
    *("predict", "prune", "status", "train"),  # a command or stage, and the function behind it
}


def list_definitions(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield each public name that a module defines, and what distinguishes it: its value, or that it is code."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, f"code in line {node.lineno}"
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from (
                    (ast.unparse(each), ast.unparse(value)) for each, value in zip(targets, values, strict=True)
                )
            case ast.Assign(targets=targets, value=value):
                yield from ((ast.unparse(each), ast.unparse(value)) for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, ast.unparse(value)


def find_doubles(modules: dict[str, str]) -> dict[str, list[str]]:
    """Return the modules that define each name with several meanings. modules: their source, by name."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for module, text in modules.items():
        for name, meaning in list_definitions(ast.parse(text).body):
            if not name.startswith("_"):
                found[name][module] = f"{module}, {meaning}" if meaning.startswith("code") else meaning
    return {name: sorted(places) for name, places in found.items() if len(set(places.values())) > 1}


def test_public_names_have_one_meaning_each() -> None:
    files = (file for folder in ("pipeline", "stages") for file in (ROOT / folder).rglob("*.py"))
    doubles = find_doubles({file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files})
    assert {name: places for name, places in doubles.items() if name not in ALLOWED} == {}
    assert doubles.keys() >= ALLOWED


def test_a_second_meaning_is_found() -> None:
    modules = {
        "a": "WIDTH, HEIGHT = 1, 2\ndef read(): ...\nT = 1",
        "b": "WIDTH = 3\nclass read: ...\nT = 1\nHEIGHT: int = 2",
    }
    assert find_doubles(modules) == {"WIDTH": ["a", "b"], "read": ["a", "b"]}
