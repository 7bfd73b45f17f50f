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
    """Return a page as a notebook: a cell for each block of code outside of answers, and for the text between.

    The code of an answer that later code needs is a cell, too, with its source folded.
    """
    lines = text.splitlines()
    end = lines.index(next(line for line in lines if line.startswith("## ")))
    cells = [make_cell("markdown", "\n".join(lines[:end])), make_cell("code", START)]
    for block in parse_page(path, text).blocks:
        if block.language == "python" and not block.folded:  # the answers to exercises stay in the text
            between, is_answer = "\n".join(lines[end : block.first - 1]), "answer" in block.marks
            between = between.rpartition("<details>")[0] if is_answer else between
            cells += [make_cell("markdown", between)] if between.strip() else []
            cells.append(make_cell("code", block.text, block.output or ""))
            cells[-1]["metadata"] = {"jupyter": {"source_hidden": True}} if is_answer else {}
            end = lines.index("</details>", block.last) + 1 if is_answer else block.last
    cells.append(make_cell("markdown", "\n".join(lines[end:])))
    cells = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def make_cell(kind: str, text: str, output: str = "") -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "metadata": {}, "source": text.strip("\n").splitlines(keepends=True)}
    if kind == "markdown":
        return cell
    stream = {"output_type": "stream", "name": "stdout", "text": output.splitlines(keepends=True)}
    return cell | {"execution_count": None, "outputs": [stream] if output else []}
