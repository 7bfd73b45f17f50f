"""Progress of a command: a line that is redrawn on a terminal, log lines elsewhere."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

log = logging.getLogger(__name__)

REDRAWS = 4  # per second
LOG_INTERVAL = 30.0  # seconds between two lines elsewhere than on a terminal
BAR = 12  # characters
MEGABYTE = 10**6
NAME_WIDTH = 9  # of the longest name of a command


def is_live() -> bool:
    """Return whether stderr is a terminal on which a line can be redrawn."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Progress:
    """Progress towards `total`, which is None for an unknown number of bytes.

    unit: what is counted, in the plural; "" if `report` names the steps instead.
    """

    def __init__(self, command: str, total: int | None, done: int = 0, unit: str = "") -> None:
        self.command, self.total, self.unit = command, total, unit
        self.done = self.before = done  # before: of earlier runs
        self.started = self.logged = time.monotonic()
        self.step = self.metrics = ""

    def advance(self, count: int = 1, resumed: bool = False) -> None:
        """Add to what is done. resumed: it was done by an earlier run."""
        self.done += count
        self.before += count if resumed else 0
        if self.unit and not is_live() and time.monotonic() >= self.logged + LOG_INTERVAL:
            self.logged = time.monotonic()
            log.info("%s: %s", self.command, self._count())

    def report(self, line: str, step: str, metrics: str, keep: bool = False) -> None:
        """Show the step that begins and the metrics of the last one; elsewhere, or with `keep`, log a line."""
        self.step, self.metrics = step, metrics
        if keep or not is_live():
            log.info("%s: %s", self.command, line)

    def format(self, now: float) -> str:
        """Return the line for a terminal; `now` is a time of the monotonic clock."""
        parts = [f"{self.command:<{NAME_WIDTH}}", self.step or self._count()]
        if self.total:
            filled = BAR * self.done // self.total
            parts += [f"[{'=' * filled}{'>' if filled < BAR else ''}{' ' * (BAR - filled - 1)}]", self.metrics]
            if self.done > self.before:
                left = (now - self.started) / (self.done - self.before) * (self.total - self.done)
                parts.append(f"{_format_seconds(left)} left")
        return "  ".join(filter(None, parts))

    def _count(self) -> str:
        if self.total is None:
            return f"{self.done / MEGABYTE:.1f} MB" if self.done else ""
        return f"{self.done:,}/{self.total:,} {self.unit}" if self.unit else ""

    def __rich__(self) -> "Text":
        """Draw the line, cut at the width of the terminal."""
        from rich.text import Text

        line = Text(".. ", style="yellow", no_wrap=True, overflow="ellipsis")
        return line.append(self.format(time.monotonic()), style="default")


@contextlib.contextmanager
def progress(command: str, total: int | None, done: int = 0, unit: str = "images") -> Iterator[Progress]:
    """Yield a `Progress` that is shown on a terminal until the block ends. What the block prints appears above it."""
    shown = Progress(command, total, done, unit)
    if not is_live() or total == 1:
        yield shown
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(shown, console=console, refresh_per_second=REDRAWS, transient=True, redirect_stdout=sys.stdout.isatty()):
        yield shown


def _format_seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
