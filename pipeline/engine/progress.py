"""Show the progress of a command: a Rich progress bar on a terminal, log lines elsewhere."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

IN_NO_KEY = "shows progress, and influences no result"

log = logging.getLogger(__name__)

REDRAWS = 4  # per second
LOG_INTERVAL = 30.0  # seconds between two lines elsewhere than on a terminal
BAR_WIDTH = 12  # characters of the bar
MEGABYTE = 10**6
NAME_WIDTH = 9  # of the longest name of a command


class Progress:
    """Progress towards `total`, which is None for an unknown number of bytes.

    unit: what is counted, in the plural; "" if `report` names the steps instead. bar: None if lines are logged.
    """

    def __init__(self, command: str, total: int | None, done: int, unit: str, bar: "Bar | None") -> None:
        self.command, self.total, self.done, self.unit, self.bar = command, total, done, unit, bar
        self.logged = time.monotonic()
        if bar:
            name = f"{command:<{NAME_WIDTH}}"
            self.task = bar.add_task(name, total=total, completed=done, step=self._count(), metrics="")

    def advance(self, count: int = 1, resumed: bool = False) -> None:
        """Add to what is done. resumed: it was done by an earlier run, so it says nothing about the time left."""
        self.done += count
        if self.bar:
            if resumed:
                self.bar.reset(self.task)
            self.bar.update(self.task, completed=self.done)
            if self.unit:
                self.bar.update(self.task, step=self._count())
        elif self.unit and time.monotonic() >= self.logged + LOG_INTERVAL:
            self.logged = time.monotonic()
            log.info("%s: %s", self.command, self._count())

    def report(self, line: str, step: str, metrics: str, keep: bool = False) -> None:
        """Show the step that begins and the metrics of the last one; elsewhere, or with `keep`, log a line."""
        if self.bar:
            self.bar.update(self.task, step=step, metrics=metrics)
        if keep or not self.bar:
            log.info("%s: %s", self.command, line)

    def _count(self) -> str:
        if self.total is None:
            return f"{self.done / MEGABYTE:.1f} MB" if self.done else ""
        return f"{self.done:,}/{self.total:,} {self.unit}" if self.unit else ""


@contextlib.contextmanager
def progress(command: str, total: int | None, unit: str, done: int = 0) -> Iterator[Progress]:
    """Yield a `Progress` that is shown on a terminal until the block ends. What the block prints appears above it."""
    is_live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and total != 1
    with _make_bar() if is_live else contextlib.nullcontext() as bar:
        yield Progress(command, total, done, unit, bar)


def _make_bar() -> "Bar":
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    texts = [
        TextColumn(f"{{task.{name}}}", markup=False) for name in ("description", "fields[step]", "fields[metrics]")
    ]
    return Bar(
        TextColumn("[yellow].."),
        *(*texts[:2], BarColumn(BAR_WIDTH), texts[2], TimeRemainingColumn()),
        console=Console(stderr=True),
        refresh_per_second=REDRAWS,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )
