"""nbconvert runs the notebook in a Jupyter kernel and converts it to a web page."""

import re
from collections.abc import Iterator

import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat import NotebookNode, read, validate

from tests.docs.test_tutorial import BLOCKS
from tests.docs.tutorial import PAGE
from tests.thorough.docs.test_tutorial import assert_alike


@pytest.fixture(scope="module")
def executed() -> Iterator[NotebookNode]:
    notebook = read(PAGE.with_suffix(".ipynb"), as_version=4)
    validate(notebook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_NUM_THREADS", "1")  # for the kernel: small products, test files run in parallel
        ExecutePreprocessor(timeout=None).preprocess(notebook, {"metadata": {"path": str(PAGE.parent)}})
    yield notebook


def test_cells_print_what_the_page_shows(executed: NotebookNode) -> None:
    code = [cell for cell in executed.cells if cell.cell_type == "code"][1:]  # the first finds the project
    blocks = [block for block in BLOCKS if not block.folded]
    for cell, block in zip(code, blocks, strict=True):
        printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
        assert_alike(printed, block.output or "")


def test_nbconvert_writes_a_web_page_with_code_formulas_and_output(executed: NotebookNode) -> None:
    page, _ = HTMLExporter().from_notebook_node(executed)
    text = re.sub(r"<[^>]*>", "", page)
    assert "def read_idx(path):" in text
    assert r"\frac{\partial L}{\partial z_k} = p_k - y_k" in text
    assert "(784, 2000) always 7" in text
