"""The pages of the documentation: their blocks of code, links and anchors."""

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.processes import ROOT

PARSER = MarkdownIt("commonmark").enable("table")
COMMENT = re.compile(r"<!-- (?P<name>not run|exact|first|needs|file)(: (?P<value>.*?))? -->", re.DOTALL)
RUN = ("console", "python")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    first, last: its lines, from 1, with the fences and the output. folded: whether it is inside <details>. output: the
    text of a block ```text directly after it. marks: the comments directly before it:

        <!-- not run: REASON -->   the block is not executed
        <!-- exact -->             its numbers are compared too, except dates, durations and digests
        <!-- first: COMMAND -->    a command of the shell to run before the block
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
class Text:
    """The target of a link or a picture, or a piece of inline code."""

    line: int
    text: str


@dataclass(frozen=True)
class Page:
    path: Path
    blocks: tuple[Block, ...]
    links: tuple[Text, ...]
    codes: tuple[Text, ...]
    anchors: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else self.path.name


@dataclass(frozen=True)
class Command:
    """A command of a ```console block. output: the lines shown after it."""

    line: int
    text: str
    output: list[str]


def find_pages() -> list[Path]:
    names = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
    docs = (path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "figures")  # pages contain them
    return [*filter(Path.exists, (ROOT / name for name in names)), *sorted(docs)]


@functools.cache
def read_page(path: Path) -> Page:
    return parse_page(path, path.read_text(encoding="utf-8"))


def parse_page(path: Path, text: str) -> Page:
    tokens = PARSER.parse(text)
    inlines = [token for token in tokens if token.type == "inline"]
    headings = [after for token, after in itertools.pairwise(tokens) if token.type == "heading_open"]
    return Page(
        path,
        blocks=tuple(find_blocks(tokens)),
        links=tuple(link for token in tokens for link in find_links(token)),
        codes=tuple(Text(line, child.content) for line, child in children(inlines) if child.type == "code_inline"),
        anchors=tuple(make_anchors(headings)),
    )


def find_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    marks: dict[str, str] = {}
    depth = 0
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "html_block":
            marks |= {found["name"]: found["value"] or "" for found in COMMENT.finditer(token.content)}
            depth += token.content.count("<details") - token.content.count("</details>")
            continue
        if token.type == "fence":
            first, last = lines_of(token)
            output = None
            if after is not None and (after.type, after.info) == ("fence", "text"):
                output, (_, last) = after.content, lines_of(after)
            yield Block(first, last, token.info.strip(), token.content, depth > 0, output, marks)
        marks = {}


def find_links(token: Token) -> Iterator[Text]:
    if token.type == "html_block":
        for target in targets(token.content):
            yield Text(lines_of(token)[0], target)
    for line, child in children([token]):
        if child.type == "html_inline":
            for target in targets(child.content):
                yield Text(line, target)
        if child.type in ("link_open", "image"):
            yield Text(line, str(child.attrs["href" if child.type == "link_open" else "src"]))


def targets(html: str) -> list[str]:
    """Return what the attributes `href`, `src` and `srcset` refer to."""
    found = re.findall(r"\b(href|src|srcset)=([\"'])(.*?)\2", html)
    values = (value.split(",") if name == "srcset" else [value] for name, _, value in found)
    return [source.split()[0] for sources in values for source in sources if source.strip()]


def children(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Yield the children of inline tokens, each with its line."""
    for token in tokens:
        line = lines_of(token)[0] if token.children else 0
        for child in token.children or ():
            line += child.type in ("softbreak", "hardbreak")
            yield line, child


def lines_of(token: Token) -> tuple[int, int]:
    """Return the first and last line, from 1."""
    assert token.map is not None
    return token.map[0] + 1, token.map[1]


def make_anchors(headings: Sequence[Token]) -> Iterator[str]:
    """Yield the anchor that GitHub makes from each heading, as the library github-slugger does."""
    seen: dict[str, int] = {}
    for heading in headings:
        title = "".join(child.content for child in heading.children or () if child.type in ("text", "code_inline"))
        anchor = slug = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        while anchor in seen:
            seen[slug] += 1
            anchor = f"{slug}-{seen[slug]}"
        seen[anchor] = 0
        yield anchor


def read_console(block: Block) -> list[Command]:
    """Return the commands of a block: lines with `$ `, continued by a backslash or by lines with `> `, then output."""
    commands: list[Command] = []
    goes_on = False
    for number, line in enumerate(block.text.splitlines(), block.first + 1):
        last = commands[-1] if commands else None
        if last and goes_on:
            commands[-1] = Command(last.line, f"{last.text}\n{line.removeprefix('> ')}", [])
            goes_on = line.endswith("\\")
        elif last and not last.output and (line.startswith("> ") or line == ">"):
            commands[-1] = Command(last.line, f"{last.text}\n{line[2:]}", [])
        elif line.startswith("$ "):
            commands.append(Command(number, line[2:], []))
            goes_on = line.endswith("\\")
        elif last:
            last.output.append(line)
        else:
            raise ValueError(f"line {number}: a console block begins with `$ `, not with {line!r}")
    return commands
