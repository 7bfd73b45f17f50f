"""Options that choose the backend or the model of a command, and progress output."""

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

LOG_INTERVAL = 30.0  # seconds between two lines of progress without a terminal


def _check(scheduler: str) -> str:
    try:
        return check_scheduler(scheduler)
    except UsageError as error:
        raise BadParameter(str(error)) from None  # its message includes the option or variable


def scheduler_option(text: str) -> object:
    """Return the option --scheduler with this help text."""
    complete = lambda incomplete: [name for name in LOCAL if name.startswith(incomplete)]  # noqa: E731
    metavar = "<name or address>"
    return Option(metavar=metavar, help=text, callback=_check, autocompletion=complete, envvar=ADDRESS_VARIABLE)


Scheduler = Annotated[
    str,
    Role.IGNORED,
    scheduler_option(
        "Backend for the blocks of images: threads, processes, sync (sequential), distributed (processes with Dask's "
        "dashboard), or the address of a Dask scheduler, such as tcp://HOST:8786."
    ),
]
SchedulerFile = Annotated[
    Path | None,
    Role.IGNORED,
    Option(help="File written by dask scheduler --scheduler-file, instead of --scheduler.", show_default=False),
]
Workers = Annotated[int | None, Role.IGNORED, Option(min=1, help="Number of workers.", show_default="one per core")]
SendData = Annotated[
    bool, Role.IGNORED, Option("--send-data", help="Send the images to workers that cannot read the files.")
]

ModelFolder = Annotated[
    Path | None,
    Option(
        help="Artifact of train or export: the model.",
        show_default="artifacts/train if it exists, otherwise the included model",
    ),
]


@contextlib.contextmanager
def progress(command: str, total: int, done: int = 0) -> Iterator[Callable[[int], object]]:
    """Yield a function of the number of newly finished images. It moves a bar or, without a terminal, logs lines."""
    from tqdm import tqdm

    options: dict[str, Any] = {"unit": " images", "unit_scale": True, "smoothing": 0.1, "leave": False, "delay": 0.5}
    with tqdm(total=total, initial=done, disable=None, **options) as bar:
        yield _log_progress(command, total, done) if bar.disable else bar.update


def _log_progress(command: str, total: int, before: int) -> Callable[[int], object]:
    started = logged = time.monotonic()
    done = before

    def advance(count: int) -> None:
        nonlocal done, logged
        done += count
        now = time.monotonic()
        if now > logged + LOG_INTERVAL:
            logged = now
            rate = (done - before) / (now - started)
            text = f"{done:,} of {total:,} images, {rate:,.0f} images/s, {(total - done) / rate:.0f} s left"
            log.info("%s: %s", command, text)

    return advance
