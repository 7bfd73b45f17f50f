"""The tutorial's notebook and references are of its code; test_tutorial_outputs.py runs it."""

import ast
import json
import re
import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from docs.learn.check import is_empty
from tests.docs.notebook import START, make_notebook
from tests.docs.tutorial import PAGE, find_blocks
from tests.processes import ROOT

TEXT = PAGE.read_text(encoding="utf-8")
REFRESH = "run `make notebook`"


def test_steps_import_numpy_and_the_standard_library_only() -> None:
    steps = "".join(re.findall(r"^## \d\. .*?(?=^## )", TEXT, re.MULTILINE | re.DOTALL))
    codes = [block.text for block in find_blocks(steps) if not block.folded]
    codes.append((PAGE.parent / "check.py").read_text(encoding="utf-8"))
    nodes = [node for code in codes for node in ast.walk(ast.parse(code))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {"numpy"} <= {name.partition(".")[0] for name in imported} - {"docs"} <= {"numpy", *sys.stdlib_module_names}


def test_notebook_is_up_to_date() -> None:
    path = PAGE.with_suffix(".ipynb")
    assert path.read_text(encoding="utf-8") == make_notebook(PAGE, TEXT), REFRESH


def test_answer_that_later_code_needs_is_a_folded_cell_that_replaces_only_an_empty_function() -> None:
    answer = "def columns(images):\n    return images.reshape(len(images), -1).T / 255"
    folded = f"<details><summary>Answer</summary>\n\n<!-- answer -->\n```python\n{answer}\n```\n\n</details>"
    page = f"# Title\n\n## 1. Step\n\n```python\na = 1\n```\n\n{folded}\n\n```python\nc = 1\n```\n\nEnd"
    cells = json.loads(make_notebook(PAGE, page))["cells"][2:]  # after the title and START
    sources = ["".join(cell["source"]) for cell in cells]
    assert [*sources[:2], *sources[3:]] == ["## 1. Step", "a = 1", "c = 1", "End"]
    assert [bool(cell["metadata"]) for cell in cells] == [False, False, True, False, False]
    for own, kept in (("None", False), ("images", True)):
        names: dict[str, Any] = {"is_empty": is_empty}
        exec(f"def columns(images):\n    return {own}\n\nmine = columns\n{sources[2]}", names)
        assert (names["columns"] is names["mine"]) == kept


def test_notebook_starts_in_the_root_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PAGE.parent)
    exec(START, {})
    assert Path.cwd().samefile(ROOT)


@pytest.mark.parametrize("page", sorted(PAGE.parent.glob("*.md")), ids=lambda page: page.name)
def test_referenced_code_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    references = re.findall(r"\[`([\w/]+)\.py`\]\((.*?)\)(?::\s((?:`[\w.]+`(?:,\s)?)+))?", text)
    assert references
    for module, link, names in references:
        assert (page.parent / link).resolve() == ROOT / f"{module}.py"
        for name in re.findall(r"`([\w.]+)`", names):
            assert resolve_name(f"{module.replace('/', '.')}:{name}")
