"""Tables and JSON for a terminal."""

from typing import TYPE_CHECKING

from pipeline.engine.terminal import width

if TYPE_CHECKING:
    from rich.console import RenderableType


def draw(content: "RenderableType") -> str:
    """Return a table or tree of rich as text, as wide as the terminal. Its strings must be printable."""
    from rich.console import Console

    console = Console(width=width(), markup=False, emoji=False, highlight=False)
    with console.capture() as capture:
        console.print(content)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
