"""Turn a page into a notebook, without outputs."""

import json
from pathlib import Path

from tests.docs.pages import parse_page

START = """import os
from pathlib import Path

here = Path.cwd()  # go to the root of the project
os.chdir(next(folder for folder in (here, *here.parents) if (folder / "pyproject.toml").exists()))"""


def make_notebook(path: Path, text: str) -> str:
    """Return a page as a notebook: a cell for each block of code outside of answers, and for the text between."""
    cells = [make_cell("code", START)]
    lines = text.splitlines()
    end = 0
    for block in parse_page(path, text).blocks:
        if block.language == "python" and not block.folded:  # an answer stays in the text
            cells += [make_cell("markdown", "\n".join(lines[end : block.first - 1])), make_cell("code", block.text)]
            end = block.last
    cells.append(make_cell("markdown", "\n".join(lines[end:])))
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def make_cell(kind: str, source: str) -> dict[str, object]:
    lines = source.strip("\n").splitlines(keepends=True)
    outputs: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": lines, **outputs}
