"""Pages are parsed as GitHub shows them, and references to what does not exist are found."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.docs.pages import Command, Text, parse_page, read_console
from tests.docs.test_links import problem_of_code, problem_of_file, problem_of_link
from tests.processes import ROOT

PAGE = ROOT / "docs" / "page.md"


def test_blocks_have_lines_marks_and_output() -> None:
    text = "\n".join(
        [
            *("<!-- not run: needs two", "hosts -->", "<!-- exact -->", "```console", "$ a", "```", ""),
            *("<details>", "", "- item", "", "  ```python", "  print(1)", "  ```", "", "  ```text", "  1", "  ```", ""),
            *("</details>", "", "```python", "f()", "```"),
        ]
    )
    console, code, output, last = parse_page(PAGE, text).blocks
    assert (console.first, console.last, console.language) == (4, 6, "console")
    assert console.marks == {"not run": "needs two\nhosts", "exact": ""}
    assert (code.first, code.last, code.text, code.output) == (12, 18, "print(1)\n", "1\n")
    assert (code.folded, code.marks) == (True, {})
    assert (output.language, output.folded) == ("text", True)
    assert (last.output, last.folded) == (None, False)
    assert [block.is_run for block in (console, code, output, last)] == [False, True, False, True]


def test_links_are_those_of_markdown_and_html_outside_of_code() -> None:
    text = (
        "[a](a.md)\n![b](b.png) `[c](c.md)`\n\n<picture>\n<source srcset='d.png, e.png 2x'><img src='f.png'></picture>"
    )
    assert parse_page(PAGE, text).links == (
        *(Text(1, "a.md"), Text(2, "b.png")),
        *(Text(4, name) for name in ("d.png", "e.png", "f.png")),
    )


def test_anchors_are_those_of_github() -> None:
    text = "# A `b_c` (d), [e](f) – g!\n# One\n## One\nOne-1\n===\n# One"
    assert parse_page(PAGE, text).anchors == ("a-b_c-d-e--g", "one", "one-1", "one-1-1", "one-2")


def test_commands_of_the_console_go_on() -> None:
    (block,) = parse_page(PAGE, "```console\n$ a \\\n  b\nout\n> put\n$ cat <<E\n> text\n> E\n```").blocks
    assert read_console(block) == [Command(2, "a \\\n  b", ["out", "> put"]), Command(6, "cat <<E\ntext\nE", [])]


FAQ = ROOT / "docs" / "faq.md"
PROBLEMS: dict[Callable[[str], str | None], tuple[str, str]] = {  # what is wrong, and what is right
    partial(problem_of_link, FAQ): (
        "nothing.md | ../README.md#nothing | #nothing | ../pipeline/reader.py#L12 | ../pictures/none.png | ../artifacts"
        " | /etc/passwd | http://example.org | https://localhost/x | //example.org",
        "../README.md#how-it-works | ../pipeline/ | https://example.org/x#y",
    ),
    problem_of_file: (
        "stages/none.py | none.py | stages/none/ | pipeline.reader.none | tests.none",
        "stages/ | network/layers.py | tests/torture/*.py | pipeline.reader.load",
    ),
    problem_of_code: (
        "make none | make train EPOCH=3 | EPOCH=3 | handwriting none | handwriting train --epoch 3 | --epoch"
        " | cd x && FOO=1 make none > y | .venv/bin/handwriting --none | python -m stages.none | python -m tests.none",
        "make | make STAGE | make -j2 train EPOCHS=3 | EPOCHS=3 SEED=2 | --epochs 3 | handwriting --version"
        " | handwriting train --epochs=3 2>&1 \\| tee log | python -m tests.figures | ls none",
    ),
}


@pytest.mark.parametrize(
    ("find", "text", "wrong"),
    [
        (find, text.replace("\\|", "|"), texts is both[0])
        for find, both in PROBLEMS.items()
        for texts in both
        for text in texts.split(" | ")
    ],
)
def test_what_does_not_exist_is_found(find: Callable[[str], str | None], text: str, wrong: bool) -> None:
    assert bool(find(text)) == wrong
