"""A little colour, on terminals that can and for people who have not asked for none."""

import os
from typing import Literal, TextIO

CODES = {"red": "31;1", "green": "32", "yellow": "33", "cyan": "36"}

Colour = Literal["red", "green", "yellow", "cyan"]


def paint(text: str, colour: Colour, stream: TextIO) -> str:
    """The text in that colour, if it goes to a terminal; NO_COLOR and FORCE_COLOR count as they do in --help.

    (https://no-color.org, https://force-color.org)
    """
    wanted = stream.isatty() and os.environ.get("TERM") != "dumb"
    if os.environ.get("NO_COLOR") or not (wanted or os.environ.get("FORCE_COLOR")):
        return text
    return f"\x1b[{CODES[colour]}m{text}\x1b[0m"
