"""docs/reference is current and complete, and docs/README.md lists every page."""

import ast
import re
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline import reader
from pipeline.engine.stage import Stage
from tests.docs.pages import find_pages, read_page
from tests.docs.reference import FOLDER, arrange, fill, format_signature, list_pages
from tests.docs.sessions import create_environment, run_page
from tests.processes import ROOT

USES = ("docs/use/python.md", "docs/pipeline/reuse.md")
DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: page.name)
def test_reference_is_current(page: Path) -> None:
    text = page.read_text()
    assert fill(text) == text, "docstrings have changed: run `make reference`"


def test_reference_has_all_public_names() -> None:
    assert {name.lower() for name in reader.__all__} <= set(read_page(FOLDER / "python.md").anchors)
    text = (FOLDER / "stage.md").read_text()
    assert [name for name in signature(Stage).parameters if f"- `{name}`: " not in text] == ["function"]


@pytest.mark.parametrize("name", USES)
def test_reference_has_what_the_examples_import(name: str) -> None:
    text = "".join(page.read_text() for page in list_pages())
    missing = [imported for imported in find_imports(ROOT / name) if not re.search(rf"`([a-z]\w*\.)*{imported}`", text)]
    assert missing == []


def find_imports(path: Path) -> Iterator[str]:
    """Yield the names that the Python blocks of a page import from `pipeline`."""
    for block in read_page(path).blocks:
        for node in ast.walk(ast.parse(block.text)) if block.language == "python" else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
                yield from (alias.name for alias in node.names)


def test_every_variable_of_the_rules_is_described() -> None:
    header = (ROOT / "pipeline/engine/rules.mk").read_text().partition("\n\n")[0]
    names = {name for line in re.findall(r"^#   (\S.*?)   ", header, re.MULTILINE) for name in line.split(", ")}
    described = re.findall(r"^\| `([\w.]+)` \|", (FOLDER / "rules.md").read_text(), re.MULTILINE)
    assert set(described) == names and "NAME.inputs" in names


def test_make_does_what_the_page_on_its_rules_shows(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline/engine").symlink_to(ROOT / "pipeline/engine")
    create_environment(tmp_path)
    (tmp_path / "stages").mkdir()
    for block in read_page(DOCS / "pipeline/reuse.md").blocks:  # the stages of the Makefile, here with a flag
        if (name := block.marks.get("file", "")).startswith("dice/stages/"):
            text = block.text.replace("throws: int = 1000", "throws: int = 1000, fair: bool = False")
            (tmp_path / name.removeprefix("dice/")).write_text(text)
    for name in ("weights.txt", "my weights.txt"):
        (tmp_path / name).write_text("1 1 1 1 1 1")
    problems = run_page(read_page(FOLDER / "rules.md"), tmp_path)
    assert not problems, "\n".join(problems)


def test_index_lists_every_page_once() -> None:
    index = DOCS / "README.md"
    listed = [(DOCS / urlsplit(link.text).path).resolve() for link in read_page(index).links]
    pages = [page for page in find_pages() if page.is_relative_to(DOCS) and page != index]
    assert {page.name: listed.count(page) for page in pages if listed.count(page) != 1} == {}


def test_terms_of_the_glossary_are_in_order() -> None:
    for section in (FOLDER / "glossary.md").read_text().split("\n## ")[1:]:
        terms = re.findall(r"^\*\*(.+?)\.\*\*", section, re.MULTILINE)
        assert terms == sorted(terms, key=str.lower) and len(terms) > 1


def test_descriptions_of_parameters_become_a_list() -> None:
    docstring = "Read.\n\nFast. name: a text. size: in\nbytes; see below: or not. Raises OSError.\n\n    size: 1"
    items = "- `name`: a text.\n- `size`: in bytes; see below: or not."
    arranged = f"Read.\n\nFast.\n\n{items}\n\nRaises OSError.\n\n    size: 1"
    assert arrange(docstring, {"name", "size", "below"}) == arranged
    assert arrange("name: of a file", set()) == "name: of a file"


def test_long_signatures_are_wrapped() -> None:
    assert format_signature("f(x: int) -> str") == "f(x: int) -> str\n"
    names = [f"name_{number}: tuple[int, str] = (1, 'two')" for number in range(4)]
    lines = format_signature(f"f({', '.join(names)}) -> str").splitlines()
    assert lines[0] == "f(" and lines[-1] == ") -> str" and len(lines) == 6
