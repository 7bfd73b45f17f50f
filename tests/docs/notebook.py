"""Write docs/learn/tutorial.ipynb from the tutorial, without outputs; run by `make notebook`."""

import json
import re

from tests.processes import ROOT

PAGE = ROOT / "docs" / "learn" / "tutorial.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n.*?^```\n)?", re.DOTALL | re.MULTILINE)
START = """import os
from pathlib import Path

here = Path.cwd()  # go to the root of the project
os.chdir(next(folder for folder in (here, *here.parents) if (folder / "pipeline").is_dir()))"""


def make_notebook(text: str) -> str:
    """Return the page as a notebook: a cell for each block of code outside of answers, and for the text between."""
    cells = [make_cell("code", START)]
    # an answer stays folded, with its code, in one cell of text
    folded = re.compile(r"<details>.*?</details>", re.DOTALL)
    answers = [match.span() for match in folded.finditer(text)]
    end = 0
    for match in BLOCK.finditer(text):
        if not any(first < match.start() < last for first, last in answers):
            cells += [make_cell("markdown", text[end : match.start()]), make_cell("code", match[1])]
            end = match.end()
    cells.append(make_cell("markdown", text[end:]))
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
