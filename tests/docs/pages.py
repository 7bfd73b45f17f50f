"""The pages of the documentation and their blocks of code."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.processes import ROOT

PARSER = MarkdownIt("commonmark").enable("table")
COMMENT = re.compile(
    r"<!-- (?P<name>not run|exact|output not shown|first|needs|answer|file)(: (?P<value>.*?))? -->", re.DOTALL
)
RUN = ("console", "python")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    first, last: its lines, from 1, with the fences and the output. folded: whether it is inside <details> and
    later blocks do not need it. output: the text of a block ```text directly after it. marks: the comments directly
    before it:

        <!-- not run: REASON -->   the block is not executed
        <!-- exact -->             its numbers are compared too, except dates, durations and digests
        <!-- output not shown -->  a block of the tutorial whose output is left out
        <!-- first: COMMAND -->    a command of the shell to run before the block
        <!-- answer -->            later blocks need the block, although it is inside <details>
        <!-- needs: MODULE -->     the block is executed only if this module can be imported
        <!-- file: PATH -->        the block is written into this file instead of executed
    """

    first: int
    last: int
    language: str
    text: str
    folded: bool
    output: str | None
    marks: dict[str, str]

    @property
    def is_run(self) -> bool:
        return self.language in RUN and not self.marks.keys() & {"not run", "file"}


@dataclass(frozen=True)
class Page:
    """codes: pieces of inline code."""

    path: Path
    blocks: tuple[Block, ...]
    codes: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else self.path.name


@dataclass(frozen=True)
class Command:
    """A command of a block. output: the lines shown after it."""

    line: int
    text: str
    output: list[str]


def find_pages() -> list[Path]:
    names = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
    return [*filter(Path.exists, (ROOT / name for name in names)), *sorted((ROOT / "docs").rglob("*.md"))]


@functools.cache
def read_page(path: Path) -> Page:
    return parse_page(path, path.read_text(encoding="utf-8"))


def parse_page(path: Path, text: str) -> Page:
    html = re.sub("<pre>.*?</pre>", "", PARSER.render(text), flags=re.DOTALL)
    return Page(
        path,
        blocks=tuple(find_blocks(PARSER.parse(text))),
        codes=tuple(map(unescape, re.findall("<code>(.*?)</code>", html, re.DOTALL))),
    )


def find_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    marks: dict[str, str] = {}
    depth = 0
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "html_block":
            marks |= {found["name"]: found["value"] or "" for found in COMMENT.finditer(token.content)}
            depth += token.content.count("<details") - token.content.count("</details>")
            continue
        if token.type == "fence" and token.map:
            (first, last), output = token.map, None
            if after is not None and (after.type, after.info) == ("fence", "text") and after.map:
                output, last = after.content, after.map[1]
            folded = depth > 0 and "answer" not in marks
            yield Block(first + 1, last, token.info.strip(), token.content, folded, output, marks)
        marks = {}


def list_commands(block: Block) -> list[Command]:
    """Return the code of a Python block, or the commands of a console block.

    These are lines with `$ `, continued after a backslash or by lines with `> `, then their output.
    """
    if block.language == "python":
        return [Command(block.first, block.text, (block.output or "").splitlines())]
    commands: list[Command] = []
    for number, line in enumerate(block.text.splitlines(), block.first + 1):
        if line.startswith("$ "):
            commands.append(Command(number, line[2:], []))
        elif not commands:
            raise ValueError(f"line {number}: a console block begins with `$ `, not with {line!r}")
        elif not commands[-1].output and (commands[-1].text.endswith("\\") or re.match(">( |$)", line)):
            last = commands.pop()
            commands.append(Command(last.line, f"{last.text}\n{re.sub('^> ?', '', line)}", []))
        else:
            commands[-1].output.append(line)
    return commands
