"""The tutorial's pictures, table and notebook are of its code, which tests/thorough runs."""

import ast
import importlib
import json
import re
import sys
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from tests.docs import illustrations
from tests.docs.notebook import make_notebook
from tests.docs.tutorial import PAGE, PICTURES, digest, find_blocks, find_steps
from tests.figures import read_figure
from tests.processes import ROOT

TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = find_blocks(TEXT)
STEPS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:9]
MAX_BYTES = 25_000
REFRESH = "run `make notebook`"


def test_pictures_were_drawn_by_the_current_code() -> None:
    signature = illustrations.sign("", illustrations.digest(digest(find_blocks(TEXT))))
    shown = set(re.findall(rf"pictures/{PICTURES.name}/(\w+-\w+\.svg)", TEXT))
    assert {path.name for path in PICTURES.glob("*.svg")} == shown
    for name in shown:
        stored = (PICTURES / name).read_text(encoding="utf-8")
        assert stored.endswith(signature), f"{name}: {REFRESH}"
        assert len(stored) <= MAX_BYTES


def test_table_was_measured_with_the_current_code() -> None:
    table = read_figure("tutorial")
    assert f"<!-- tutorial: {digest(find_steps(TEXT))} -->" in table, "run `make benchmarks ONLY=tutorial`"
    links = re.findall(r"^\| \[(\d)\]\(#(.*?)\)", table, re.MULTILINE)
    assert [int(number) for number, _ in links] == list(range(1, 9))
    for (number, anchor), step in zip(links, STEPS, strict=True):
        assert anchor.startswith(f"{number}-") and step.startswith(f"{number}. ")


def test_steps_import_numpy_and_the_standard_library_only() -> None:
    nodes = [node for block in find_steps(TEXT) for node in ast.walk(ast.parse(block.text))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= {"numpy", *sys.stdlib_module_names}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.partition("\n")[0])
def test_every_step_has_three_exercises_with_answers(step: str) -> None:
    exercises, answers = step.split("**Exercises.**")[1].split("<details><summary>Answers</summary>")
    stars = ["★", "★★", "★★★"]
    assert re.findall(r"^- (★+) ", exercises, re.MULTILINE) == stars
    assert re.findall(r"^(★+) ", answers, re.MULTILINE) == stars


def test_answers_bind_none_of_the_names_that_the_page_uses() -> None:
    steps, answers = (
        {name for block in BLOCKS if block.folded == folded for name in list_bound_names(block.text)}
        for folded in (False, True)
    )
    assert steps and answers
    assert steps & answers == set()


def list_bound_names(code: str) -> Iterator[str]:
    """Yield the global names that running the code assigns or defines."""
    nodes: list[ast.AST] = [ast.parse(code)]
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.comprehension)):  # they have names of their own
            nodes += ast.iter_child_nodes(node)


def test_notebook_is_up_to_date() -> None:
    path = PAGE.with_suffix(".ipynb")
    assert path.read_text(encoding="utf-8") == make_notebook(PAGE, TEXT), REFRESH
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"][1:]  # the first changes the folder
    for cell, block in zip(code, (block for block in BLOCKS if not block.folded), strict=True):
        assert "".join(cell["source"]) == block.text.strip("\n")
        assert "".join(line for output in cell["outputs"] for line in output["text"]) == (block.output or "")


@pytest.mark.parametrize("page", sorted(PAGE.parent.glob("*.md")), ids=lambda page: page.name)
def test_referenced_code_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    references = re.findall(r"\[`([\w/]+)\.py`\]\((.*?)\)(?::\s((?:`[\w.]+`(?:,\s)?)+))?", text)
    assert references
    for module, link, names in references:
        assert (page.parent / link).resolve() == ROOT / f"{module}.py"
        loaded = importlib.import_module(module.replace("/", "."))
        for name in re.findall(r"`([\w.]+)`", names):
            assert attrgetter(name)(loaded)
