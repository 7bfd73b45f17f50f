"""Colours, and escapes for characters that are not printable, because names are untrusted."""

import json
import os
import shutil
from typing import TYPE_CHECKING, Any, Literal, TextIO

import typer

from pipeline.data.dataset import is_printable

if TYPE_CHECKING:
    from rich.console import RenderableType

Colour = Literal["red", "green", "yellow", "cyan"]

DEFAULT_WIDTH = 100  # columns of the output if it is not a terminal


def printable(text: str) -> str:
    r"""Return the text on one line, with escapes such as `\x1b` for characters that are not printable."""
    return "".join(each if is_printable(each) else repr(each)[1:-1] for each in text)


def width() -> int:
    """Return the width of the terminal in columns."""
    return shutil.get_terminal_size((DEFAULT_WIDTH, 0)).columns


def draw(content: "RenderableType") -> str:
    """Return a table or tree of rich as text, as wide as the terminal. Its strings must be printable."""
    from rich.console import Console

    console = Console(width=width(), markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        console.print(content)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def to_json(content: Any, indent: int | None = None) -> str:
    """Return the content as JSON, with JSON escapes for characters that are not printable."""
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    return "".join(each if each.isprintable() or each == "\n" else _escape(each) for each in text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(rf"\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def paint(text: str, colour: Colour, stream: TextIO) -> str:
    """Return the text in that colour if `stream` is a terminal with colours."""
    return typer.style(text, fg=colour) if has_colours(stream) else text


def has_colours(stream: TextIO) -> bool:
    """Return whether `stream` is a terminal with colours, and NO_COLOR is not set."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
