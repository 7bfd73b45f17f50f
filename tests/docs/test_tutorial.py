"""The tutorial's code prints what stands beside it, and the tutorial refers to code that exists."""

import ast
import contextlib
import importlib
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tests.processes import ROOT

PAGE = ROOT / "docs" / "learn" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?", re.DOTALL | re.MULTILINE)
TOLERANCE = 1.0  # of an accuracy, in percent: another processor may round differently


@dataclass(frozen=True)
class Block:
    """A block of code and the output that the page shows. An answer is folded away."""

    line: int
    code: str
    output: str
    answer: bool


def find_blocks() -> Iterator[Block]:
    for match in BLOCK.finditer(TEXT):
        before = TEXT[: match.start()]
        answer = before.count("<details>") > before.count("</details>")
        yield Block(before.count("\n") + 1, match["code"], match["output"] or "", answer)


BLOCKS = list(find_blocks())


@pytest.fixture(scope="module")
def printed() -> dict[int, str]:
    """Run all blocks in order in one namespace, and each answer in a copy of it; return the output by line number."""
    names: dict[str, Any] = {}
    outputs = {}
    with contextlib.chdir(ROOT), threadpool_limits(1, "blas"):  # of libraries that are loaded already, by np
        for block in BLOCKS:
            code = compile("\n" * block.line + block.code, PAGE, "exec")
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(code, dict(names) if block.answer else names)
            outputs[block.line] = output.getvalue()
    return outputs


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line{block.line}")
def test_block_prints_what_the_page_shows(block: Block, printed: dict[int, str]) -> None:
    found, expected = (split_accuracies(text) for text in (printed[block.line], block.output))
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
        title = section.partition("\n")[0]
        assert anchor == re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        assert title.startswith(f"{number}. ")
        assert accuracy in section


def test_code_imports_numpy_and_the_standard_library_only() -> None:
    nodes = [node for block in BLOCKS for node in ast.walk(ast.parse(block.code))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= {"numpy", *sys.stdlib_module_names}


def test_every_step_has_an_exercise_with_an_answer() -> None:
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:9]:
        assert section.index("**Exercise.**") < section.index("<details><summary>Answer</summary>")


def test_referenced_code_exists() -> None:
    references = re.findall(r"\[`([\w/]+)\.py`\]\((.*?)\)(?:: ((?:`[\w.]+`(?:, )?)+))?", TEXT)
    assert len(references) > 10
    for module, link, names in references:
        assert (PAGE.parent / link).resolve() == ROOT / f"{module}.py"
        loaded = importlib.import_module(module.replace("/", "."))
        for name in re.findall(r"`([\w.]+)`", names):
            assert attrgetter(name)(loaded)
