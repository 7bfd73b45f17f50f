"""Run the code of the tutorial; write its outputs, its pictures and its notebook: `make notebook`."""

import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from threadpoolctl import threadpool_limits

from tests.docs import illustrations
from tests.docs.notebook import make_notebook
from tests.docs.pages import Block, parse_page
from tests.processes import ROOT

PAGE = ROOT / "docs" / "learn" / "tutorial.md"
PICTURES = ROOT / "pictures" / "tutorial"


def run(text: str, given: Mapping[str, Any] | None = None, answers: bool = True) -> tuple[str, dict[str, str]]:
    """Run all blocks in order, in one namespace; return the page with their outputs, and its pictures, as SVG, by name.

    given: variables that are replaced after the first block. answers: whether to run those of the exercises.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    replaced, pictures = dict(given or {}), dict[str, str]()
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    with working_folder():
        for number, section in enumerate(sections):
            printed: list[tuple[Block, str]] = []
            for block in find_blocks(section):
                if answers or not block.folded:
                    with contextlib.redirect_stdout(io.StringIO()) as output:
                        exec(compile(block.text, PAGE, "exec"), names)
                    printed.append((block, output.getvalue()))
                    names |= replaced
                    replaced = {}
            for name in re.findall(rf"pictures/{PICTURES.name}/(\w+)-light\.svg", section):
                for theme in illustrations.THEMES:
                    drawn = getattr(illustrations, f"draw_{name}")(names, theme)
                    pictures[f"{name}-{theme.name}.svg"] = drawn
            sections[number] = fill_outputs(section, printed)
    return "".join(sections), pictures


def fill_outputs(section: str, printed: Sequence[tuple[Block, str]]) -> str:
    """Return a part of the page with the output of each block after it."""
    lines = section.splitlines()
    for block, text in reversed(printed):
        end = block.first + len(block.text.splitlines()) + 1  # the closing fence
        output = [line.rstrip() for line in text.splitlines()]
        is_shown = output and "output not shown" not in block.marks
        lines[end : block.last] = ["", "```text", *output, "```"] if is_shown else []
    return "\n".join(lines) + "\n"


def find_blocks(text: str) -> list[Block]:
    return [block for block in parse_page(PAGE, text).blocks if block.language == "python"]


@contextlib.contextmanager
def working_folder() -> Iterator[None]:
    """Change into a folder with the files of the project that the page reads, where it may write; use one thread."""
    with TemporaryDirectory() as folder:
        for name in ("pipeline", "pictures"):
            (Path(folder) / name).symlink_to(ROOT / name)
        with contextlib.chdir(folder), threadpool_limits(1, "blas"):  # of libraries that are loaded already, by np
            yield


def main() -> None:
    text, pictures = run(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")
    PAGE.with_suffix(".ipynb").write_text(make_notebook(PAGE, text), encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        (PICTURES / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
