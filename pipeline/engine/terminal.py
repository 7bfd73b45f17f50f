"""Colours, and escapes for characters that are not printable, because names are untrusted."""

import os
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pipeline.engine.plan import Plan

DEFAULT_WIDTH = 100  # columns of the output if it is not a terminal
ENDS = {"fresh": ", up to date", "stored": ", restored"}  # of a stage's last line, by the state of the plan
COLOURS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}


def is_printable(character: str) -> bool:
    """Return whether a character is printable or a space; `str.isprintable` accepts only one kind of space."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def printable(text: str) -> str:
    r"""Return the text on one line, with escapes such as `\x1b` for characters that are not printable."""
    return "".join(each if is_printable(each) else repr(each)[1:-1] for each in text)


def paint(text: str, colour: str, stream: TextIO) -> str:
    """Return the text in one of COLOURS if `stream` is a terminal with colours, and NO_COLOR is not set."""
    coloured = stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if coloured else text


def width() -> int:
    """Return the width of the terminal in columns."""
    return shutil.get_terminal_size((DEFAULT_WIDTH, 0)).columns


def format_outcome(plan: "Plan") -> str:
    """Return the last line of a stage: on a terminal its name, summary and state, elsewhere the line of the engine."""
    if not (sys.stdout.isatty() and plan.manifest):
        return printable(str(plan))
    end = ENDS.get(plan.state, f" -> {plan.output}")
    text = printable(f"{plan.manifest.provenance.stage:<10} {plan.manifest.summary}{end}")
    return f"{paint('OK', 'green', sys.stdout)} {text}"
