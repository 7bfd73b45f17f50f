"""The options that say where a command has its work done, and how it shows that the work goes on."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from typer import BadParameter, Option

from pipeline.engine.errors import UsageError
from pipeline.engine.stage import Role
from pipeline.scheduling.backends import ADDRESS_VARIABLE, LOCAL, check_scheduler

log = logging.getLogger(__name__)

LINES = 30.0  # seconds between two lines where there is no terminal for a bar


def _check(scheduler: str) -> str:
    try:
        return check_scheduler(scheduler)
    except UsageError as error:
        raise BadParameter(str(error)) from None  # which names the option, or the variable


def scheduler_option(meaning: str) -> object:
    """The option --scheduler of a command that has a default of its own."""
    complete = lambda incomplete: [name for name in LOCAL if name.startswith(incomplete)]  # noqa: E731
    shown = "<name or address>"
    return Option(metavar=shown, help=meaning, callback=_check, autocompletion=complete, envvar=ADDRESS_VARIABLE)


Scheduler = Annotated[
    str,
    Role.UNKEYED,
    scheduler_option(
        "Who works on the blocks: threads, processes, sync (one after another), distributed (processes, with Dask's "
        "dashboard), or a Dask scheduler's address, as tcp://HOST:8786."
    ),
]
SchedulerFile = Annotated[
    Path | None,
    Role.UNKEYED,
    Option(help="Instead: the file that dask scheduler --scheduler-file has written.", show_default=False),
]
Workers = Annotated[int | None, Role.UNKEYED, Option(min=1, help="How many blocks at once.", show_default="one a core")]
ShipData = Annotated[
    bool, Role.UNKEYED, Option("--ship-data", help="Send the images to workers that do not see the files.")
]


@contextlib.contextmanager
def progress(command: str, total: int, done: int = 0) -> Iterator[Callable[[int], object]]:
    """What is to be told how many more are done: moves a bar on a terminal, and elsewhere a line now and then."""
    from tqdm import tqdm

    shown: dict[str, Any] = {"unit": " images", "unit_scale": True, "smoothing": 0.1, "leave": False, "delay": 0.5}
    with tqdm(total=total, initial=done, disable=None, **shown) as bar:
        yield _in_lines(command, total, done) if bar.disable else bar.update


def _in_lines(command: str, total: int, before: int) -> Callable[[int], object]:
    started = told = time.monotonic()
    done = before

    def advance(count: int) -> None:
        nonlocal done, told
        done += count
        now = time.monotonic()
        if now > told + LINES:
            told = now
            rate = (done - before) / (now - started)
            what = f"{done:,} of {total:,} images, {rate:,.0f} a second, {(total - done) / rate:.0f} s left"
            log.info("%s: %s", command, what)

    return advance
