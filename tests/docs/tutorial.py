"""Run the code of the tutorial; write its outputs, its pictures and its notebook: `make notebook`."""

import contextlib
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Run:
    """What the code of a page did: its output by line of the block, and the pictures, as SVG, by file name."""

    printed: dict[int, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)


def run(text: str) -> Run:
    """Run all blocks in order, in one namespace, and draw the pictures."""
    names: dict[str, Any] = {"__name__": "__main__"}
    done, blocks = Run(), find_blocks(text)
    version = illustrations.digest(digest(blocks))
    with working_folder():
        for begin, end in find_sections(text):
            for block in blocks:
                if begin < block.first < end:
                    done.printed[block.first] = execute(block, names)
            section = "\n".join(text.splitlines()[begin:end])
            for name in re.findall(rf"pictures/{PICTURES.name}/(\w+)-light\.svg", section):
                for theme in illustrations.THEMES:
                    drawn = getattr(illustrations, f"draw_{name}")(names, theme)
                    done.pictures[f"{name}-{theme.name}.svg"] = illustrations.sign(drawn, version)
    return done


def run_steps(text: str, given: dict[str, Any]) -> str:
    """Run the steps without answers, with some variables replaced after the first block; return what they print."""
    names: dict[str, Any] = {}
    with working_folder():
        first, *others = find_steps(text)
        execute(first, names)
        names |= given
        return "".join(execute(block, names) for block in others)


def execute(block: Block, names: dict[str, Any]) -> str:
    """Run a block; return what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile("\n" * block.first + block.text, PAGE, "exec"), names)
    return output.getvalue()


def find_blocks(text: str) -> list[Block]:
    return [block for block in parse_page(PAGE, text).blocks if block.language == "python"]


def find_steps(text: str) -> list[Block]:
    """Return the blocks of the numbered sections, without answers."""
    ends = [end for begin, end in find_sections(text) if text.splitlines()[begin - 1][:4].strip("# ").isdigit()]
    return [block for block in find_blocks(text) if not block.folded and block.first < max(ends)]


def find_sections(text: str) -> list[tuple[int, int]]:
    """Return the first and the last line of each section of a page."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("## ")]
    return list(zip([0, *starts], [*starts, len(lines) + 1], strict=True))


@contextlib.contextmanager
def working_folder() -> Iterator[None]:
    """Change into a folder with the files of the project that the page reads, where it may write; use one thread."""
    with TemporaryDirectory() as folder:
        for name in ("pipeline", "pictures"):
            (Path(folder) / name).symlink_to(ROOT / name)
        with contextlib.chdir(folder), threadpool_limits(1, "blas"):  # of libraries that are loaded already, by np
            yield


def digest(blocks: Iterable[Block]) -> str:
    """Return a digest of their code, without the answers."""
    return hashlib.sha256("\n".join(block.text for block in blocks if not block.folded).encode()).hexdigest()[:16]


def fill_outputs(text: str, printed: dict[int, str]) -> str:
    """Return the page with the output of each block after it."""
    lines = text.splitlines()
    for block in reversed(find_blocks(text)):
        end = block.first + len(block.text.splitlines()) + 1  # the closing fence
        output = [line.rstrip() for line in printed[block.first].splitlines()]
        lines[end : block.last] = ["", "```text", *output, "```"] if output else []
    return "\n".join(lines) + "\n"


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    done = run(text)
    text = fill_outputs(text, done.printed)
    PAGE.write_text(text, encoding="utf-8")
    PAGE.with_suffix(".ipynb").write_text(make_notebook(PAGE, text), encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    for name, picture in done.pictures.items():
        (PICTURES / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
