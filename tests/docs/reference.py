"""Write the reference of the Python interface into docs/reference/, from the docstrings: `make reference`.

A page has blocks between `<!-- api: pipeline.reader.load ... -->` and `<!-- end -->`. griffe2md fills them with the
signature and the docstring of each object; for a dataclass of hyperparameters, a table of its fields is written.
"""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import griffe
from griffe2md import ConfigDict, render_object_docs
from msgspec import Meta

from pipeline.engine.documents import FINITE, MAX_INTEGER
from pipeline.engine.fields import list_described
from tests.processes import ROOT

FOLDER = ROOT / "docs" / "reference"
BLOCK = re.compile(r"(<!-- api: (.*?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
WIDTH = 120
CONFIG: ConfigDict = {
    "heading_level": 3,
    "inherited_members": False,
    "members_order": "source",
    "show_bases": False,  # with links that lead nowhere
    "show_if_no_docstring": False,
    "show_object_full_path": False,
    "show_root_full_path": False,
    "show_root_members_full_path": False,
    "show_signature_annotations": True,
    "summary": False,
}


def fill(text: str) -> str:
    """Return the text of a page with current blocks."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{''.join(map(render, block[2].split()))}{block[4]}", text)


def render(path: str) -> str:
    """Return the reference of an object, such as `pipeline.reader.load`, as Markdown that ends with an empty line."""
    module, _, name = path.rpartition(".")
    value = getattr(import_module(module), name)
    if is_dataclass(value) and list_described(value):
        return "\n".join(tabulate(value)) + "\n\n"
    found = load()[path.removeprefix("pipeline.")]
    found = found.final_target if found.is_alias else found
    prepare(found)
    text = render_object_docs(found, CONFIG)
    text = re.sub(r"```python\n(.*)\n\s*```", lambda signature: f"```python\n{format_signature(signature[1])}```", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n\n"


@cache
def load() -> Any:
    return griffe.load("pipeline", search_paths=[ROOT], docstring_parser=None, resolve_aliases=True)


def prepare(found: Any) -> None:
    """Arrange the docstrings of an object and of its members for Markdown."""
    if found.docstring:
        names = [parameter.name for parameter in getattr(found, "parameters", ())]
        found.docstring.value = arrange(found.docstring.value, {*names, *found.members} - {"self"})
    for member in found.members.values():
        if not member.is_alias:
            prepare(member)


def arrange(docstring: str, names: set[str]) -> str:
    """Return a docstring with its descriptions of parameters, `name: text`, as a list."""
    if not names:
        return docstring
    item = re.compile(rf"(?:^|(?<=[.;] ))({'|'.join(sorted(names))}): ")
    paragraphs = []
    for paragraph in docstring.split("\n\n"):
        text = " ".join(paragraph.split())
        if paragraph[0].isspace() or not item.search(text):
            paragraphs.append(paragraph)
            continue
        text, _, errors = text.partition(" Raises ")
        first, *parts = item.split(text)
        if first:
            paragraphs.append(fold(first))
        items = (f"- `{name}`: {about.strip()}" for name, about in zip(parts[::2], parts[1::2], strict=True))
        paragraphs.append("\n".join(fold(each) for each in items))
        if errors:
            paragraphs.append(fold(f"Raises {errors}"))
    return "\n\n".join(paragraphs)


def fold(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def format_signature(text: str) -> str:
    """Return a signature on one line, or, if it is long, as ruff formats it."""
    if len(text) <= WIDTH - 20:
        return f"{text}\n"
    ruff = [sys.executable, "-m", "ruff", "format", f"--line-length={WIDTH - 20}", "-"]
    done = subprocess.run(ruff, input=f"def {text}: ...\n", capture_output=True, text=True, check=True)
    return done.stdout.removeprefix("def ").replace(": ...\n", "\n")


def tabulate(schema: Any) -> Iterator[str]:
    """Yield the lines of a table of hyperparameters."""
    yield "| hyperparameter | values | default | meaning |"
    yield "|---|---|---|---|"
    signs = {"gt": "> ", "ge": "≥ ", "lt": "< ", "le": "≤ "}
    for field, kind, text in list_described(schema):
        meta = next(each for each in (*get_args(field.type), Meta()) if isinstance(each, Meta))
        found = {sign: getattr(meta, name) for name, sign in signs.items()}
        limits = [f"{sign}{limit}" for sign, limit in found.items() if limit not in (None, MAX_INTEGER, FINITE)]
        values = [f"`{choice}`" for choice in get_args(kind)] or [" ".join([kind.__name__, ", ".join(limits)]).strip()]
        yield f"| `{field.name}` | {', '.join(values)} | `{field.default}` | {text} |"


def list_pages() -> list[Path]:
    return sorted(FOLDER.glob("*.md"))


if __name__ == "__main__":
    for page in list_pages():
        page.write_text(fill(page.read_text()))
