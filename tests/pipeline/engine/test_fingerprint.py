import ast
import importlib
import os
import py_compile
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import fingerprint, load
from pipeline.evaluation.blocks import predict_block

WORK = '''"""A module."""

from typing import TYPE_CHECKING

from library.options import Choice
from library.near import help_out
from library.star import *
from library.acting import does_something  # which nothing uses
from library.launcher import start

if TYPE_CHECKING:
    from library.types import Kind


def resolve(given):
    from library.table import TABLE

    return TABLE


def work(choice: Choice = 1, *, other=2) -> str:
    """Work."""
    from library import inner
    from . import beside
    import library.deep.below as below

    return help_out(choice) + 1


if __name__ == "__main__":
    start(work)
'''

LIBRARY = {
    "options": "Choice = int\n",
    "near": "from .far import FAR\nimport json\n\ndef help_out(x):\n    return x + FAR\n",
    "far": "FAR = 1\n",
    "types": "Kind = int\n",
    "table": "TABLE = {}\n",
    "inner": "try:\n    import library.tried\nexcept ImportError:\n    pass\n",
    "tried": "x = 1\n",
    "launcher": "start = print\n",
    "unused": "x = 1\n",
    "star": "def help_out(x): ...\n",
    "acting": "does_something = 1\n",
    "deep/below": "from ... import stages as _\nfrom .. import options\n",
}

Fingerprint = Callable[[], dict[str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in LIBRARY.items():
        path = tmp_path / "library" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "library" / "__init__.py").write_text('"""Nothing but words."""\n')
    (tmp_path / "library" / "deep" / "__init__.py").write_text("x = 1\n")
    (tmp_path / "stages_of_old").mkdir()
    (tmp_path / "stages_of_old" / "work.py").write_text(WORK)
    (tmp_path / "stages_of_old" / "beside.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("library", "stages_of_old")]:
        del sys.modules[name]


@pytest.fixture
def taken(project: Path) -> Fingerprint:
    work: Any = importlib.import_module("stages_of_old.work").work
    return lambda: fingerprint(work, without=["resolve"])


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_it_covers_what_the_function_imports_at_any_depth_and_nothing_else(taken: Fingerprint) -> None:
    names = ["__init__", "acting", "deep/__init__", "deep/below", "far", "inner", "near", "options", "star", "tried"]
    assert list(taken()) == [
        *(f"library/{name}.py" for name in names),
        "stages_of_old/beside.py",
        "stages_of_old/work.py",
    ]


def test_files_that_are_no_modules_count_with_every_byte_where_they_are_named(
    project: Path, taken: Fingerprint
) -> None:
    page = project / "library" / "pages" / "page.html"
    page.parent.mkdir()
    page.write_text("<p>")
    (page.parent / "more").mkdir()
    work: Any = importlib.import_module("stages_of_old.work").work
    before = fingerprint(work, extra_files=["library/pages/*"])
    assert before.keys() - fingerprint(work).keys() == {"library/pages/page.html"}
    page.write_text("<p> ")
    after = fingerprint(work, extra_files=["library/pages/*"])
    assert {path for path in after if after[path] != before[path]} == {"library/pages/page.html"}
    assert "library/pages/page.html" in load(work, before), "it was written after this process had begun"


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("stages_of_old/work.py", "    return help_out", "    # why\n    return (  help_out)"),
        ("stages_of_old/work.py", '"""Work."""', '"""Work, and say so."""'),
        ("stages_of_old/work.py", '    """Work."""\n', ""),
        ("stages_of_old/work.py", "choice: Choice = 1, *", "choice: Choice | str = 3, *, new: int = 2"),
        ("stages_of_old/work.py", "    return TABLE", "    return {**TABLE}"),
        ("stages_of_old/work.py", "start(work)", "start(work, 1)"),
        ("library/launcher.py", "print", "exit"),
        ("library/near.py", "def help_out(x):", "def help_out(x):  # indeed\n    'Helps.'\n"),
        ("library/near.py", "x + FAR", "(x\n+\nFAR)"),
        ("library/far.py", "1", "0x1"),
        ("library/types.py", "int", "str"),
        ("library/table.py", "{}", "{1: 2}"),
        ("library/unused.py", "1", "2"),
        ("library/deep/below.py", "options\n", "options\r\n\r\n"),
    ],
)
def test_it_stays_the_same_if_nothing_that_matters_changes(
    module: str, old: str, new: str, project: Path, taken: Fingerprint
) -> None:
    before = taken()
    edit(project / module, old, new)
    assert taken() == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("stages_of_old/work.py", "+ 1", "+ 2"),
        ("stages_of_old/work.py", "+ 1", "+ 1.0"),
        ("stages_of_old/work.py", "+ 1", "+ True"),
        ("stages_of_old/work.py", "+ 1", "- 1"),
        ("stages_of_old/beside.py", "x = 1", "y = 1"),
        ("library/near.py", "help_out(x)", "help_out(x=3)"),
        ("library/near.py", "help_out(x)", "help_out(x: int)"),
        ("library/far.py", "1", "'1'"),
        ("library/tried.py", "1", "b'1'"),
        ("library/options.py", "int", "float"),
        ("library/star.py", "x", "y"),
        ("library/acting.py", "1", "2"),
        ("library/__init__.py", "words.", 'words."""\nx = 1\n"""'),
        ("library/deep/__init__.py", "x", "y"),
    ],
)
def test_a_change_that_may_matter_shows_in_its_module_alone(
    module: str, old: str, new: str, project: Path, taken: Fingerprint
) -> None:
    before = taken()
    edit(project / module, old, new)
    after = taken()
    assert {name for name in before if before[name] != after[name]} == {module}


def test_an_import_that_comes_or_goes_shows(project: Path, taken: Fingerprint) -> None:
    before = taken()
    path = project / "library/far.py"
    path.write_text("from library.unused import x\nFAR = 1\n")
    assert taken().keys() - before.keys() == {"library/unused.py"}
    (project / "library/unused.py").unlink()
    assert taken().keys() == before.keys()


def test_a_deep_expression_is_taken_like_any_other(project: Path, taken: Fingerprint) -> None:
    before = taken()
    (project / "library/far.py").write_text(f"FAR = {' + '.join(['1'] * 900)}\n")
    assert {name for name, digest in taken().items() if digest != before[name]} == {"library/far.py"}


@pytest.mark.parametrize("text", ["def", "x = 1\0", "(" * 1000, "# -*- coding: nonsense -*-\n", "\udcff = 1"])
def test_what_is_no_python_is_named(text: str, project: Path, taken: Fingerprint) -> None:
    (project / "library/far.py").write_text(text, errors="surrogateescape")
    with pytest.raises(PipelineError, match=r"library/far\.py(, line \d+)? is not valid Python \(.*\): fix it first"):
        taken()


def test_each_module_is_parsed_once_a_process(
    project: Path, taken: Fingerprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    parse = ast.parse

    def counting(source: bytes, path: Path) -> ast.Module:
        parsed.append(path.name)
        return parse(source, path)

    monkeypatch.setattr(ast, "parse", counting)
    taken()
    taken()
    assert parsed.count("near.py") == parsed.count("far.py") == 1
    edit(project / "library/far.py", "1", "2")
    taken()
    assert (parsed.count("near.py"), parsed.count("far.py")) == (1, 2)


def test_compiled_files_of_an_installation_that_may_not_be_written_are_no_hindrance(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr("pipeline.engine.fingerprint.STARTED", 2 * time.time_ns())
    for name in ("near", "far"):
        py_compile.compile(str(project / f"library/{name}.py"))
    work: Any = importlib.import_module("stages_of_old.work").work
    files = ["library/near.py", "library/far.py"]
    assert load(work, files) == []
    times = (project / "library/far.py").stat()
    edit(project / "library/far.py", "1", "2")
    os.utime(project / "library/far.py", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert load(work, files) == ["library/far.py"]


def test_a_change_time_in_the_future_is_no_change_while_the_process_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: Any = importlib.import_module("stages_of_old.work").work
    assert load(work, ["library/far.py"]) == ["library/far.py"]  # it was written by this process
    changed = (project / "library/far.py").stat().st_ctime_ns
    monkeypatch.setattr("pipeline.engine.fingerprint.time.time_ns", lambda: changed - 10**9)
    assert load(work, ["library/far.py"]) == []


def test_of_installed_packages_only_the_stages_own_and_the_engines_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    for name, text in {"mine": "import theirs, pipeline.x\ndef work(): ...\n", "theirs": "x = 1\n"}.items():
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(text)
    (packages / "pipeline").mkdir()
    (packages / "pipeline" / "x.py").write_text("x = 1\n")
    (packages / "mine" / "work.py").write_text("import mine, theirs, pipeline.x as x\ndef work(): theirs, x\n")
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setitem(sys.modules, "theirs", sys)
    source = (packages / "mine" / "work.py").read_text()
    namespace = {"__name__": "mine.work"}
    exec(compile(source.partition("\n")[2], packages / "mine" / "work.py", "exec"), namespace)
    function: Any = namespace["work"]
    assert list(fingerprint(function)) == ["mine/__init__.py", "mine/work.py", "pipeline/x.py"]


def test_what_a_model_says_counts_and_where_it_is_asked_does_not() -> None:
    files = fingerprint(predict_block)
    assert {"pipeline/evaluation/blocks.py", "pipeline/model/prediction.py", "pipeline/data/scaling.py"} <= set(files)
    assert not [file for file in files if file.startswith(("pipeline/scheduling/", "tests/"))]
