"""Turn a page into a notebook, with the outputs that the page shows."""

import json
from pathlib import Path

from tests.docs.pages import parse_page

START = """# Jupyter starts in the folder of the notebook, but the paths on this page begin at the root of the project.
import os
from pathlib import Path

here = Path.cwd()
os.chdir(next(folder for folder in (here, *here.parents) if (folder / "pyproject.toml").exists()))"""


def make_notebook(path: Path, text: str) -> str:
    """Return a page as a notebook: a cell for each block of code outside of answers, and for the text between."""
    lines = text.splitlines()
    end = lines.index(next(line for line in lines if line.startswith("## ")))
    cells = [make_cell("markdown", "\n".join(lines[:end])), make_code_cell(START, None)]
    for block in parse_page(path, text).blocks:
        if block.language == "python" and not block.folded:  # an answer stays in the text
            cells.append(make_cell("markdown", "\n".join(lines[end : block.first - 1])))
            cells.append(make_code_cell(block.text, block.output))
            end = block.last
    cells.append(make_cell("markdown", "\n".join(lines[end:])))
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def make_cell(kind: str, text: str) -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": split(text.strip("\n"))}


def make_code_cell(code: str, output: str | None) -> dict[str, object]:
    printed = [{"output_type": "stream", "name": "stdout", "text": split(output)}] if output else []
    return {**make_cell("code", code), "execution_count": None, "outputs": printed}


def split(text: str) -> list[str]:
    return text.splitlines(keepends=True)
