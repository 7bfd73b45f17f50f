"""The tutorial's code prints the output shown after it, and the pages to learn from refer to code that exists."""

import ast
import contextlib
import importlib
import io
import re
import sys
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tests.docs.pages import Block, read_page
from tests.processes import ROOT

PAGE = ROOT / "docs" / "learn" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = [block for block in read_page(PAGE).blocks if block.language == "python"]
TOLERANCE = 1.0  # of an accuracy, in percent: another processor may round differently


@pytest.fixture(scope="module")
def printed() -> dict[int, str]:
    """Run all blocks in order in one namespace, and each answer in a copy of it; return the output by line number."""
    names: dict[str, Any] = {}
    outputs = {}
    with contextlib.chdir(ROOT), threadpool_limits(1, "blas"):  # of libraries that are loaded already, by np
        for block in BLOCKS:
            code = compile("\n" * block.first + block.text, PAGE, "exec")
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(code, dict(names) if block.folded else names)
            outputs[block.first] = output.getvalue()
    return outputs


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line{block.first}")
def test_block_prints_what_the_page_shows(block: Block, printed: dict[int, str]) -> None:
    found, expected = (split_accuracies(text) for text in (printed[block.first], block.output or ""))
    assert found[0] == expected[0]
    np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=TOLERANCE)


def split_accuracies(text: str) -> tuple[str, list[float]]:
    """Return the text without accuracies and without spaces at the ends of lines, and the accuracies."""
    pattern = r"([\d.]+)%"
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(pattern, "%", lines), [float(number) for number in re.findall(pattern, text)]


def test_accuracies_of_the_table_are_those_of_the_steps() -> None:
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    rows = re.findall(r"^\| \[(\d)\]\(#(.*?)\) \|.*\| ([\d.]+%) \|$", TEXT, re.MULTILINE)
    assert len(rows) == 8
    for (number, anchor, accuracy), section in zip(rows, sections, strict=False):
        assert anchor.startswith(f"{number}-")
        assert section.startswith(f"{number}. ")
        assert accuracy in section


def test_code_imports_numpy_and_the_standard_library_only() -> None:
    nodes = [node for block in BLOCKS for node in ast.walk(ast.parse(block.text))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= {"numpy", *sys.stdlib_module_names}


def test_every_step_has_an_exercise_with_an_answer() -> None:
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:9]:
        assert section.index("**Exercise.**") < section.index("<details><summary>Answer</summary>")


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
