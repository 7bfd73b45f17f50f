"""Colours, and escapes for characters that are not printable, because names are untrusted."""

import json
import os
import shutil
import textwrap
from typing import Any, Literal, TextIO

import typer

from pipeline.data.dataset import is_printable

Colour = Literal["red", "green", "yellow", "cyan"]

DEFAULT_WIDTH = 100  # columns of the output if it is not a terminal
NARROW_INDENT = 8  # columns before text that begins on a line of its own
MIN_TEXT = 20  # columns


def printable(text: str) -> str:
    r"""Return the text on one line, with escapes such as `\x1b` for characters that are not printable."""
    return "".join(each if is_printable(each) else repr(each)[1:-1] for each in text)


def width() -> int:
    """Return the width of the terminal in columns."""
    return shutil.get_terminal_size((DEFAULT_WIDTH, 0)).columns


def wrap(head: str, text: str, indent: int, margin: str = "") -> str:
    """Append the text to `head`, which has `indent` columns, and break it at the width of the terminal.

    margin: the beginning of the other lines, padded to `indent`. If less than MIN_TEXT columns are left, the text
    begins on the next line, without margin.
    """
    if width() < indent + MIN_TEXT:
        indent, margin = NARROW_INDENT, ""
        head = f"{head.rstrip()}\n{'':<{indent}}" if head.strip() else " " * indent
    lines = textwrap.wrap(printable(text), max(width() - indent, MIN_TEXT), break_on_hyphens=False)
    return head + f"\n{margin:<{indent}}".join(lines)


def to_json(content: Any, indent: int | None = None) -> str:
    """Return the content as JSON in ASCII, so that names in it cannot control a terminal."""
    return json.dumps(content, indent=indent)


def paint(text: str, colour: Colour, stream: TextIO) -> str:
    """Return the text in that colour if `stream` is a terminal with colours, and NO_COLOR is not set."""
    coloured = stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    return typer.style(text, fg=colour) if coloured else text
