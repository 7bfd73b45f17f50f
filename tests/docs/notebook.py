"""Turn a page into a notebook, with the outputs that the page shows."""

import ast
import json
from pathlib import Path
from textwrap import indent

from tests.docs.pages import parse_page

START = """# Jupyter starts in the folder of the notebook, but the paths on this page begin at the root of the project.
import os
from pathlib import Path

here = Path.cwd()
os.chdir(next(folder for folder in (here, *here.parents) if (folder / "pyproject.toml").exists()))

from docs.learn.check import is_empty  # the answers replace only empty functions"""
GUARD = "if is_empty({name}):  # to replace your own function as well, write: if True:"


def make_notebook(path: Path, text: str) -> str:
    """Return a page as a notebook: a cell for each block of code outside of answers, and for the text between.

    The code of an answer that later code needs is also a cell, with its source folded. It replaces no function that the
    reader has written.
    """
    lines = text.splitlines()
    end = lines.index(next(line for line in lines if line.startswith("## ")))
    cells = [make_cell("markdown", "\n".join(lines[:end])), make_cell("code", START)]
    for block in parse_page(path, text).blocks:
        if block.language == "python" and not block.folded:  # the answers to exercises stay in the text
            between, is_answer = "\n".join(lines[end : block.first - 1]), "answer" in block.marks
            between = between.rpartition("<details>")[0] if is_answer else between
            cells += [make_cell("markdown", between)] if between.strip() else []
            cells.append(make_cell("code", guard(block.text) if is_answer else block.text, block.output or ""))
            cells[-1]["metadata"] = {"jupyter": {"source_hidden": True}} if is_answer else {}
            end = lines.index("</details>", block.last) + 1 if is_answer else block.last
    cells.append(make_cell("markdown", "\n".join(lines[end:])))
    cells = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def guard(code: str) -> str:
    """Return the functions of an answer, each defined only if that of the reader is empty."""
    functions = [part for part in ast.parse(code).body if isinstance(part, ast.FunctionDef)]
    lines = code.splitlines()
    texts = ("\n".join(lines[function.lineno - 1 : function.end_lineno]) for function in functions)
    guards = (GUARD.format(name=function.name) for function in functions)
    return "\n\n".join(f"{line}\n{indent(text, '    ')}" for line, text in zip(guards, texts, strict=True))


def make_cell(kind: str, text: str, output: str = "") -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "metadata": {}, "source": text.strip("\n").splitlines(keepends=True)}
    if kind == "markdown":
        return cell
    stream = {"output_type": "stream", "name": "stdout", "text": output.splitlines(keepends=True)}
    return cell | {"execution_count": None, "outputs": [stream] if output else []}
