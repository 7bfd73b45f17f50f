"""Pages are parsed as GitHub shows them, and references to what does not exist are found."""

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
    assert (code.first, code.last, code.text, code.output, code.folded, code.marks) == (
        12,
        18,
        "print(1)\n",
        "1\n",
        True,
        {},
    )
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


@pytest.mark.parametrize(
    "target",
    [
        *("nothing.md", "../README.md#nothing", "#nothing", "../pipeline/reader.py#L12", "../pictures/none.png"),
        *("../artifacts", "/etc/passwd", "http://example.org", "https://localhost/x", "//example.org"),
    ],
)
def test_wrong_link_is_found(target: str) -> None:
    assert problem_of_link(ROOT / "docs" / "faq.md", target)


@pytest.mark.parametrize("target", ["../README.md#quick-start", "../pipeline/", "https://example.org/x#y"])
def test_right_link_is_accepted(target: str) -> None:
    assert problem_of_link(ROOT / "docs" / "faq.md", target) is None


@pytest.mark.parametrize("code", ["stages/none.py", "none.py", "stages/none/", "pipeline.reader.none", "tests.none"])
def test_wrong_name_is_found(code: str) -> None:
    assert problem_of_file(code)


@pytest.mark.parametrize("code", ["stages/", "network/layers.py", "tests/torture/*_targets.py", "pipeline.reader.load"])
def test_right_name_is_accepted(code: str) -> None:
    assert problem_of_file(code) is None


@pytest.mark.parametrize(
    "code",
    [
        *("make none", "make train EPOCH=3", "EPOCH=3", "handwriting none", "handwriting train --epoch 3", "--epoch"),
        *(
            "cd x && FOO=1 make none > y",
            ".venv/bin/handwriting --none",
            "python -m stages.none",
            "python -m tests.none",
        ),
    ],
)
def test_wrong_command_is_found(code: str) -> None:
    assert problem_of_code(code)


@pytest.mark.parametrize(
    "code",
    [
        *("make", "make STAGE", "make -j2 train EPOCHS=3", "EPOCHS=3 SEED=2", "--epochs 3", "handwriting --version"),
        *("handwriting train --epochs=3 2>&1 | tee log", "python -m tests.docs.pages", "ls none"),
    ],
)
def test_right_command_is_accepted(code: str) -> None:
    assert problem_of_code(code) is None
