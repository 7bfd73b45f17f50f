"""Colour on terminals, unless NO_COLOR is set (https://no-color.org)."""

import os
from typing import Literal, TextIO

import typer

Colour = Literal["red", "green", "yellow", "cyan"]


def paint(text: str, colour: Colour, stream: TextIO) -> str:
    """Return the text in that colour if `stream` is a terminal that shows colours."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty()
    return text if plain else typer.style(text, fg=colour)
