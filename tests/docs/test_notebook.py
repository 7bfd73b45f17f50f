"""The notebook has the code of the tutorial, in the format of Jupyter."""

import json

from tests.docs.notebook import PAGE, make_notebook
from tests.docs.test_tutorial import BLOCKS


def test_notebook_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert PAGE.with_suffix(".ipynb").read_text(encoding="utf-8") == make_notebook(text), "run `make notebook`"


def test_notebook_has_the_code_of_the_page_without_answers() -> None:
    cells = json.loads(PAGE.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert code[1:] == [block.text.strip("\n") for block in BLOCKS if not block.folded]
