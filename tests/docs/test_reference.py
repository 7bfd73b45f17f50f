"""docs/reference is current and complete, and docs/README.md lists every page."""

import re
from inspect import signature
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline import reader
from pipeline.engine.stage import Stage
from tests.docs.pages import find_pages, read_page
from tests.docs.reference import FOLDER, fill, list_pages
from tests.docs.sessions import run_page
from tests.make.common import link_environment
from tests.processes import ROOT

DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: page.name)
def test_reference_is_current(page: Path) -> None:
    text = page.read_text()
    assert fill(text) == text, "docstrings have changed: run `make reference`"


def test_reference_has_all_public_names() -> None:
    assert {name.lower() for name in reader.__all__} <= set(read_page(FOLDER / "python.md").anchors)
    text = (FOLDER / "stage.md").read_text()
    assert [name for name in signature(Stage).parameters if f"- `{name}`: " not in text] == ["function"]


def test_every_variable_of_the_rules_is_described() -> None:
    header = (ROOT / "pipeline/engine/rules.mk").read_text().partition("\n\n")[0]
    names = {name for line in re.findall(r"^#   (\S.*?)   ", header, re.MULTILINE) for name in line.split(", ")}
    described = re.findall(r"^\| `([\w.]+)` \|", (FOLDER / "rules.md").read_text(), re.MULTILINE)
    assert set(described) == names and "NAME.inputs" in names


def test_make_does_what_the_page_on_its_rules_shows(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline/engine").symlink_to(ROOT / "pipeline/engine")
    link_environment(tmp_path)
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/__init__.py").touch()
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
    listed = [(DOCS / urlsplit(link).path).resolve() for link in read_page(index).links]
    pages = [page for page in find_pages() if page.is_relative_to(DOCS) and page != index]
    assert {page.name: listed.count(page) for page in pages if listed.count(page) != 1} == {}
