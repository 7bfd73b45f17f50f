import importlib
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.fingerprint import fingerprint, load_sources
from pipeline.engine.outline import Outline
from pipeline.engine.provenance import package_versions

WORK = '''"""A module."""

from typing import TYPE_CHECKING

from library.options import Choice
from library.near import help_out
from library.star import *
from library.effect import register  # unused
from pipeline.engine.command import main

if TYPE_CHECKING:
    from library.types import Kind


def work(choice: Choice = 1, *, other=2) -> str:
    """Work."""
    from library import inner
    from . import sibling
    import library.deep.below as below

    return help_out(choice) + 1


if __name__ == "__main__":
    main(work)
'''

LIBRARY = {
    "options": "Choice = int\n",
    "near": "from .far import FAR\nimport json\n\ndef help_out(x):\n    return x + FAR\n",
    "far": "FAR = 1\n",
    "types": "Kind = int\n",
    "inner": "try:\n    import library.tried\nexcept ImportError:\n    pass\n",
    "tried": "x = 1\n",
    "unused": "x = 1\n",
    "star": "def help_out(x): ...\n",
    "effect": "register = 1\n",
    "deep/below": "from ... import stages as _\nfrom .. import options\n",
}

Fingerprint = Callable[[], dict[str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in LIBRARY.items():
        path = tmp_path / "library" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "library" / "__init__.py").write_text('"""Only a docstring."""\n')
    (tmp_path / "library" / "deep" / "__init__.py").write_text("x = 1\n")
    (tmp_path / "stages_copy").mkdir()
    (tmp_path / "stages_copy" / "work.py").write_text(WORK)
    (tmp_path / "stages_copy" / "sibling.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("library", "stages_copy")]:
        del sys.modules[name]


@pytest.fixture
def work(project: Path) -> Any:
    return importlib.import_module("stages_copy.work").work


@pytest.fixture
def compute(work: Any) -> Fingerprint:
    return lambda: fingerprint(work).code


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_fingerprint_covers_exactly_the_direct_and_indirect_imports(compute: Fingerprint) -> None:
    names = ["__init__", "deep/__init__", "deep/below", "effect", "far", "inner", "near", "options", "star", "tried"]
    assert list(compute()) == [
        *(f"library/{name}.py" for name in names),
        *("pipeline/__init__.py", "pipeline/engine/__init__.py"),  # without `command`, which influences no result
        "stages_copy/sibling.py",
        "stages_copy/work.py",
    ]


def test_modules_are_added(compute: Fingerprint, work: Any) -> None:
    added = fingerprint(work, modules=["library.unused"]).code
    assert added == {**compute(), "library/unused.py": added["library/unused.py"]}


@pytest.mark.parametrize(
    ("exempt", "left_out"),
    [
        (["near", "inner"], {"near", "far", "inner", "tried"}),
        (["deep/__init__"], {"deep/__init__", "deep/below"}),
        (["inner", "unused"], {"inner", "tried"}),
    ],
)
def test_module_or_package_that_says_so_is_left_out_with_what_only_it_imports(
    exempt: list[str], left_out: set[str], project: Path, compute: Fingerprint
) -> None:
    before = compute().keys()
    for name in exempt:
        file = project / f"library/{name}.py"
        file.write_text(f'import json\nIN_NO_KEY = "it shows progress"\n{file.read_text()}')
    assert before - compute().keys() == {f"library/{name}.py" for name in left_out}


@pytest.mark.parametrize("text", ['IN_NO_KEY = ""', "IN_NO_KEY = False", 'def f():\n    IN_NO_KEY = "x"'])
def test_module_without_a_reason_is_not_left_out(text: str, project: Path, compute: Fingerprint) -> None:
    (project / "library/far.py").write_text(f"FAR = 1\n{text}\n")
    assert "library/far.py" in compute()


@pytest.mark.parametrize("file", ["stages_copy/work.py", "stages_copy/__init__.py"])
def test_module_of_the_function_counts_in_any_case(file: str, project: Path, compute: Fingerprint) -> None:
    text = (project / file).read_text() if (project / file).exists() else ""
    (project / file).write_text(f"{text}IN_NO_KEY = 'it is tried'\n")
    assert {"stages_copy/work.py", "library/far.py"} <= compute().keys()


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("library/pages/*", "a.html"), ("library/**/*.html", "2026/01/a.html"), ("library/**/*.html", ".hidden/.a.html")],
)
def test_extra_files_are_hashed_byte_by_byte(
    pattern: str, name: str, project: Path, compute: Fingerprint, work: Any
) -> None:
    page = project / "library/pages" / name
    page.parent.mkdir(parents=True)
    page.write_text("<p>")
    (page.parent / "more").mkdir()
    before = fingerprint(work, extra_files=[pattern]).code
    assert before.keys() - compute().keys() == {f"library/pages/{name}"}
    page.write_text("<p> ")
    after = fingerprint(work, extra_files=[pattern]).code
    assert {path for path in after if after[path] != before[path]} == {f"library/pages/{name}"}


@pytest.mark.parametrize("pattern", ["library", "no/*", "/etc/*", "library/../stages_copy/*"])
def test_pattern_that_matches_no_file_of_the_project_is_refused(pattern: str, compute: Fingerprint, work: Any) -> None:
    with pytest.raises(UsageError, match=f"extra_files has {re.escape(pattern)}"):
        fingerprint(work, extra_files=[pattern])


@pytest.mark.parametrize(
    ("module", "old", "new", "relevant"),
    [
        ("stages_copy/work.py", "    return help_out", "    # why\n    return (  help_out)", False),
        ("stages_copy/work.py", '"""Work."""', '"""Work hard."""', False),
        ("stages_copy/work.py", '    """Work."""\n', "", False),
        ("stages_copy/work.py", "main(work)", "main(work, 1)", False),
        ("library/near.py", "def help_out(x):", "def help_out(x):  # comment\n    'Helps.'\n", False),
        ("library/near.py", "x + FAR", "(x\n+\nFAR)", False),
        ("library/far.py", "1", "0x1", False),
        ("library/types.py", "int", "str", False),
        ("library/unused.py", "1", "2", False),
        ("library/deep/below.py", "options\n", "options\r\n\r\n", False),
        ("stages_copy/work.py", "+ 1", "+ 2", True),
        ("stages_copy/work.py", "+ 1", "+ 1.0", True),
        ("stages_copy/sibling.py", "x = 1", "y = 1", True),
        ("library/near.py", "help_out(x)", "help_out(x=3)", True),
        ("library/tried.py", "1", "'1'", True),
        ("library/options.py", "int", "float", True),
        ("library/effect.py", "1", "2", True),
        ("library/__init__.py", "docstring.", 'docstring."""\nx = 1\n"""', True),
        ("library/deep/__init__.py", "x", "y", True),
    ],
)
def test_relevant_edits_change_only_the_digest_of_their_module(
    module: str, old: str, new: str, relevant: bool, project: Path, compute: Fingerprint
) -> None:
    before = compute()
    edit(project / module, old, new)
    after = compute()
    assert {name for name in before if before[name] != after[name]} == ({module} if relevant else set())
    assert before.keys() == after.keys()


def test_added_or_removed_imports_change_the_fingerprint(project: Path, compute: Fingerprint) -> None:
    before = compute()
    path = project / "library/far.py"
    path.write_text("from library.unused import x\nFAR = 1\n")
    assert compute().keys() - before.keys() == {"library/unused.py"}
    (project / "library/unused.py").unlink()
    assert compute().keys() == before.keys()


@pytest.mark.parametrize("text", ["def", "x = 1\0", "# -*- coding: nonsense -*-\n", "\udcff = 1"])
def test_invalid_python_is_reported_with_its_file(text: str, project: Path, compute: Fingerprint) -> None:
    (project / "library/far.py").write_text(text, errors="surrogateescape")
    with pytest.raises(PipelineError, match=r"library/far\.py(, line \d+)? is not valid Python \(.*\): fix it first"):
        compute()


def test_module_that_appears_where_an_import_failed_changes_the_fingerprint(
    project: Path, compute: Fingerprint
) -> None:
    (project / "library/tried.py").unlink()
    before = compute()
    (project / "library/tried").mkdir()
    assert compute() == before
    (project / "library/tried/__init__.py").touch()
    assert compute().keys() - before.keys() == {"library/tried/__init__.py"}


@pytest.mark.parametrize("link", ["stages_copy", "stages_copy/work.py"])
def test_stage_behind_a_link_keeps_its_imports(link: str, project: Path) -> None:
    (project / link).rename(project / "moved")
    (project / link).symlink_to(project / "moved")
    work: Any = importlib.import_module("stages_copy.work").work
    assert {"library/far.py", "stages_copy/work.py"} <= fingerprint(work).code.keys()


def test_files_changed_after_the_start_of_this_process_are_outdated_unless_the_clock_was_set_back(
    project: Path, monkeypatch: pytest.MonkeyPatch, work: Any
) -> None:
    assert "library/far.py" in load_sources(work, list(fingerprint(work).code))
    assert "library.tried" in sys.modules  # so that a later edit of it is not in the result
    changed = (project / "library/far.py").stat().st_ctime_ns
    monkeypatch.setattr("pipeline.engine.fingerprint.STARTED", changed)
    assert load_sources(work, ["library/far.py"]) == []
    monkeypatch.setattr("pipeline.engine.fingerprint.STARTED", 0)
    monkeypatch.setattr("pipeline.engine.fingerprint.time.time_ns", lambda: changed - 10**9)
    assert load_sources(work, ["library/far.py"]) == []


def test_module_that_ends_the_program_does_so_only_where_the_function_imports_it(project: Path, work: Any) -> None:
    (project / "library/tried.py").write_text("raise SystemExit\n")
    load_sources(work, list(fingerprint(work).code))
    with pytest.raises(SystemExit):
        work()


def test_outline_of_another_version_of_the_engine_is_computed_again(
    compute: Fingerprint, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = project / "outline.py"
    before = compute()
    other.write_text("an earlier version, with a fault")
    with monkeypatch.context() as earlier:
        earlier.setattr("pipeline.engine.outline.__file__", str(other))
        earlier.setattr("pipeline.engine.outline._outline", lambda path, name: Outline("0" * 16))
        assert set(compute().values()) == {"0" * 16}
    assert compute() == before


@pytest.mark.parametrize("suffix", EXTENSION_SUFFIXES)
def test_extension_module_that_shadows_a_source_is_part_of_the_fingerprint(
    suffix: str, project: Path, compute: Fingerprint
) -> None:
    file = project / f"library/near{suffix}"
    file.write_bytes(b"\x7fELF 1")
    shadowed = compute()
    assert f"library/near{suffix}" in shadowed
    assert "library/near.py" not in shadowed
    file.write_bytes(b"\x7fELF 2")
    assert compute() != shadowed


@pytest.mark.parametrize("suffix", EXTENSION_SUFFIXES)
def test_extension_module_in_the_root_of_the_project_is_part_of_the_fingerprint(
    suffix: str, project: Path, compute: Fingerprint
) -> None:
    (project / "library/far.py").write_text("import fastx\nFAR = fastx.FAR\n")
    (project / f"fastx{suffix}").write_bytes(b"\x7fELF 1")
    assert f"fastx{suffix}" in compute()


@pytest.mark.parametrize(
    "text", ['__all__ = ["sub", "x"]', '__all__: tuple[str, ...] = ("sub",)', '__all__ = ["x"]\n__all__ += ["sub"]']
)
def test_modules_that_a_package_exports_are_part_of_the_fingerprint(
    text: str, project: Path, compute: Fingerprint
) -> None:
    (project / "library/far.py").write_text("from library.deep import *\nFAR = 1\n")
    (project / "library/deep/sub.py").write_text("x = 1\n")
    before = compute().keys()
    (project / "library/deep/__init__.py").write_text(f"x = 1\n{text}\n")
    assert compute().keys() - before == {"library/deep/sub.py"}


@pytest.mark.parametrize("folder", ["src", "of another/project"])
@pytest.mark.parametrize("name", ["loaf", "loaf/__init__", "loaf/crust"])
def test_code_that_is_in_no_installed_package_is_followed(
    folder: str, name: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Any
) -> None:
    file = tmp_path / folder / f"{name}.py"  # as `pip install --editable` leaves it
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("import library.unused\nWATER = 1\n")
    module = name.replace("/", ".").removesuffix(".__init__")
    (project / "library/far.py").write_text(f"import {module}\nFAR = {module}.WATER\n")
    monkeypatch.syspath_prepend((tmp_path / folder).resolve())
    before = fingerprint(work).code
    assert {f"{name}.py", "library/unused.py"} <= before.keys()
    assert f"{name}.py" in load_sources(work, before)
    edit(file, "1", "2")
    after = fingerprint(work).code
    assert {path for path in before if before[path] != after[path]} == {f"{name}.py"}
    for each in [each for each in sys.modules if each.partition(".")[0] == "loaf"]:
        del sys.modules[each]


def test_code_that_cannot_be_followed_is_refused(
    project: Path, tmp_path: Path, compute: Fingerprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "loaf.zip", "w") as archive:
        archive.writestr("loaf.py", "WATER = 1\n")
    monkeypatch.syspath_prepend(tmp_path / "loaf.zip")
    (project / "library/far.py").write_text("import loaf\nFAR = loaf.WATER\n")
    with pytest.raises(PipelineError, match=r"the module loaf, .*loaf\.zip.*, cannot be followed"):
        compute()


def test_versions_of_imported_packages_count_and_those_that_only_run_the_stage_do_not(
    project: Path, compute: Fingerprint, work: Any
) -> None:
    assert fingerprint(work).versions.keys() == {"python"}
    text = "import PIL.Image, typer, no_such.module\nfrom numpy import linalg\nFAR = 1\n"
    (project / "library/far.py").write_text(text)
    assert fingerprint(work).versions == {**package_versions(["pillow", "numpy"]), "no_such": "not installed"}
    (project / "library/near.py").write_text(
        f"IN_NO_KEY = 'it shows progress'\n{(project / 'library/near.py').read_text()}"
    )
    assert fingerprint(work).versions.keys() == {"python"}


def test_folder_without_code_does_not_hide_the_package_of_its_name(project: Path, work: Any) -> None:
    (project / "numpy").mkdir()
    (project / "library/far.py").write_text("import numpy\nFAR = 1\n")
    assert fingerprint(work).versions == package_versions(["numpy"])


@pytest.mark.parametrize("exempt", [False, True])
@pytest.mark.parametrize(
    "line", ["from library.unused import x", "from library.effect import x", "from library.effect import *"]
)
def test_name_counts_where_it_is_defined_wherever_it_is_imported_from(
    exempt: bool, line: str, project: Path, compute: Fingerprint
) -> None:
    reason = "IN_NO_KEY = 'it declares options'\n"
    (project / "library/effect.py").write_text(f"{reason}from library.unused import x as x\nregister = 1\n")
    before = compute().keys()
    (project / "library/unused.py").write_text(f"{reason * exempt}x = 1\n")
    (project / "library/far.py").write_text(f"{line}\nFAR = x\n")
    assert compute().keys() - before == ({"library/unused.py"} if not exempt else set())


def test_in_site_packages_only_the_stages_and_the_engines_package_count(tmp_path: Path) -> None:
    packages = tmp_path / "site-packages"
    for name, text in {"mine": "import theirs, pipeline.x\ndef work(): ...\n", "theirs": "x = 1\n"}.items():
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(text)
    (packages / "pipeline").mkdir()
    (packages / "pipeline" / "__init__.py").touch()
    (packages / "pipeline" / "x.py").write_text("x = 1\n")
    (packages / "mine" / "work.py").write_text("import mine, theirs, pipeline.x as x\ndef work(): theirs, x\n")
    assert list(fingerprint(define(packages / "mine/work.py", "mine.work")).code) == [
        *("mine/__init__.py", "mine/work.py", "pipeline/__init__.py", "pipeline/x.py")
    ]


def test_package_is_left_out_by_its_exact_name(tmp_path: Path) -> None:
    texts = {"__init__": "", "jobs/__init__": 'IN_NO_KEY = "it runs jobs"', "jobs/run": "", "jobs_rate": "RATE = 1\n"}
    texts["work"] = "import pipeline.jobs.run, pipeline.jobs_rate\ndef work(): ...\n"
    for name, text in texts.items():
        path = tmp_path / "pipeline" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = fingerprint(define(tmp_path / "pipeline/work.py", "pipeline.work")).code
    assert [name.removeprefix("pipeline/") for name in found] == ["__init__.py", "jobs_rate.py", "work.py"]


def define(file: Path, name: str) -> Any:
    """Return a function of the module `name` in the file, which is not run."""
    namespace = {"__name__": name}
    exec(compile("def work(): ...", file, "exec"), namespace)
    return namespace["work"]
