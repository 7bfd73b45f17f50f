"""No data is executed: the syntax trees of all modules contain no unsafe import or call."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT

MODULES = sorted(path for folder in ("pipeline", "stages") for path in (ROOT / folder).rglob("*.py"))

# Modules that create objects or code from data.
UNSAFE = {"_pickle", "cPickle", "cloudpickle", "code", "codeop", "copyreg", "ctypes", "dbm", "dill", "joblib"}
UNSAFE |= {"jsonpickle", "marshal", "pickle", "pickletools", "runpy", "shelve", "torch", "xmlrpc"}

FUNCTIONS = {"import_module", "popen", "system", "unpack_archive"}
CALLS = {"__import__", "compile", "eval", "exec", "execfile"}
METHODS = {"extractall", "extract", "load_module", "popen", "read_pickle"}
METHODS |= {"system", "to_pickle", "unpack_archive", "unsafe_load", "full_load", "exec_module", "from_string"}

ALLOWED = {
    # The package imports its own function `train` when it is first used.
    ("pipeline/training/__init__.py", "import_module"),
    # Reading pictures turns off libtiff's messages, by two functions of the library that Pillow has loaded.
    ("pipeline/pictures/files.py", "ctypes"),
}


def find_unsafe(source: str) -> Iterator[str]:
    """Yield the unsafe imports and calls of a module, as `line: name`."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.partition(".")[0] in UNSAFE]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module] if module.partition(".")[0] in UNSAFE else []
            names += [alias.name for alias in node.names if alias.name in FUNCTIONS]
        elif isinstance(node, ast.Call):
            names = list(_check_call(node))
        elif isinstance(node, ast.Attribute) and node.attr in METHODS:
            names = [node.attr]  # called or passed on
        yield from (f"{getattr(node, 'lineno', 0)}: {name}" for name in names)


def _check_call(call: ast.Call) -> Iterator[str]:
    options = {option.arg: ast.unparse(option.value) for option in call.keywords}
    match call.func:
        case ast.Name(name) if name in CALLS:
            yield name
        case ast.Attribute(ast.Name("np" | "numpy"), "load") if options.get("allow_pickle") != "False":
            yield "np.load"
        case ast.Attribute(ast.Name("yaml"), name) if not name.startswith("safe_"):
            yield f"yaml.{name}"
        case ast.Attribute(_, "import_module"):
            yield "import_module"
        case ast.Attribute(_, "Environment") if "autoescape" not in options or options["autoescape"] == "False":
            yield "Environment without autoescape"
        case ast.Attribute(_, "Template"):
            yield "Template"
    if options.get("allow_pickle", "False") != "False":
        yield "allow_pickle"
    if options.get("shell", "False") != "False":
        yield "shell"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_contains_no_unsafe_call(path: Path) -> None:
    module = path.relative_to(ROOT).as_posix()
    found = [
        finding
        for finding in find_unsafe(path.read_text(encoding="utf-8"))
        if (module, finding.partition(": ")[2]) not in ALLOWED
    ]
    assert found == []


def test_allowed_calls_exist() -> None:
    for module, name in ALLOWED:
        findings = find_unsafe((ROOT / module).read_text(encoding="utf-8"))
        assert any(finding.endswith(f": {name}") for finding in findings)


BAD = """
import pickle
from pickle import loads
import marshal as m
import dill, json
from torch.serialization import load
eval(text)
exec(text)
compile(text, '', 'exec')
np.load(path)
np.load(path, allow_pickle=True)
np.load(path, None, flag)
np.lib.format.read_array(file, allow_pickle=True)
open_memmap(path, allow_pickle=flag)
yaml.load(text, Loader=yaml.SafeLoader)
yaml.full_load(text)
os.system(command)
run = os.system
from os import system
subprocess.run(command, shell=True)
subprocess.Popen(command, shell=flag)
tarfile.open(path).extractall(folder)
shutil.unpack_archive(path)
jinja2.Environment(loader=loader)
jinja2.Environment(autoescape=False)
jinja2.Template(text)
environment.from_string(text)
importlib.import_module(name)
__import__(name)
"""
GOOD = """
import json
np.load(file, allow_pickle=False)
np.lib.format.open_memmap(path, mode='r')
yaml.safe_dump(content)
re.compile(pattern)
json.load(file)
subprocess.run(command, check=True)
jinja2.Environment(autoescape=jinja2.select_autoescape(['html']))
"""


@pytest.mark.parametrize("source", BAD.strip().splitlines())
def test_unsafe_call_is_found(source: str) -> None:
    assert list(find_unsafe(source))


@pytest.mark.parametrize("source", GOOD.strip().splitlines())
def test_safe_code_is_accepted(source: str) -> None:
    assert not list(find_unsafe(source))
