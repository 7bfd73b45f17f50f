"""Write docs/learn/tutorial.ipynb from the tutorial, without outputs; run by `make notebook`."""

import json

from tests.docs.pages import parse_page
from tests.processes import ROOT

PAGE = ROOT / "docs" / "learn" / "tutorial.md"
START = """import os
from pathlib import Path

here = Path.cwd()  # go to the root of the project
os.chdir(next(folder for folder in (here, *here.parents) if (folder / "pyproject.toml").exists()))"""


def make_notebook(text: str) -> str:
    """Return the page as a notebook: a cell for each block of code outside of answers, and for the text between."""
    cells = [make_cell("code", START)]
    lines = text.splitlines()
    end = 0
    for block in parse_page(PAGE, text).blocks:
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


if __name__ == "__main__":
    PAGE.with_suffix(".ipynb").write_text(make_notebook(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
