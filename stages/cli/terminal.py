"""Text for a terminal: colours, and escapes for what is not printable, since names may come from anywhere."""

import json
import os
from typing import Any, Literal, TextIO

import typer

from pipeline.data.dataset import is_printable

Colour = Literal["red", "green", "yellow", "cyan"]


def printable(text: str) -> str:
    r"""The text on one line: what cannot be printed, as an escape sequence or a line's end, is spelled, as `\x1b`."""
    return "".join(each if is_printable(each) else repr(each)[1:-1] for each in text)


def as_json(content: Any, indent: int | None = None) -> str:
    """The content as JSON in which the same is spelled as JSON has it; readers get it back as it was."""
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    return "".join(each if each.isprintable() or each == "\n" else _spell(each) for each in text)


def _spell(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(rf"\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def paint(text: str, colour: Colour, stream: TextIO) -> str:
    """Return the text in that colour if `stream` is a terminal that shows colours."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty()
    return text if plain else typer.style(text, fg=colour)
