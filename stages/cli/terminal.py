"""Tables and JSON for a terminal."""

import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from pipeline.engine.terminal import paint, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pipeline.engine.run import Outcome

DEFAULT_WIDTH = 100  # columns of the output if it is not a terminal, and most of a stage's last line
MIN_WIDTH = 40  # columns of a stage's last line
MARGIN = 14  # columns before the summary of a stage on a terminal
STATES = {"fresh": "up to date", "stored": "restored"}


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


def format_outcome(outcome: "Outcome") -> str:
    """Return the last line of a stage: on a terminal its name, summary and state, elsewhere the line of the engine."""
    if not sys.stdout.isatty():
        return printable(str(outcome))
    columns, summary = min(max(width(), MIN_WIDTH), DEFAULT_WIDTH), printable(outcome.manifest.summary)
    head = f"{paint('OK', 'green', sys.stdout)} {outcome.manifest.provenance.stage:<{MARGIN - 4}} "
    state = STATES.get(outcome.state)
    if state:
        room = columns - MARGIN - len(state) - 2
        return f"{head}{textwrap.shorten(summary, room, placeholder=' …'):<{room}}  {state}"
    text = f"{summary} -> {printable(str(outcome.output))}"
    if len(text) > columns - MARGIN:
        text = summary
    return head + f"\n{' ' * MARGIN}".join(textwrap.wrap(text, columns - MARGIN))


def to_json(content: Any, indent: int | None = None) -> str:
    """Return the content as JSON in ASCII, so that names in it cannot control a terminal."""
    return json.dumps(content, indent=indent)
