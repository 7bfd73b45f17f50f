"""Options that choose the scheduler or the model of a command. They do not influence the result of a stage."""

from pathlib import Path
from typing import Annotated

from typer import BadParameter, Option

from pipeline.engine.errors import UsageError
from pipeline.engine.stage import Role
from pipeline.scheduling.backends import ADDRESS_VARIABLE, LOCAL, check_scheduler

IN_NO_KEY = "declares options that do not influence the result of a stage"


def _check(scheduler: str | None) -> str | None:
    try:
        return scheduler and check_scheduler(scheduler)
    except UsageError as error:
        raise BadParameter(str(error)) from None  # its message includes the option or variable


def scheduler_option(text: str) -> object:
    """Return the option --scheduler with this help text."""
    complete = lambda incomplete: [name for name in LOCAL if name.startswith(incomplete)]  # noqa: E731
    return Option(metavar="NAME|ADDRESS", help=text, callback=_check, autocompletion=complete, envvar=ADDRESS_VARIABLE)


Scheduler = Annotated[
    str,
    Role.IGNORED,
    scheduler_option(
        "Where Dask runs the parallel work: in threads of this command, in processes that it starts, or on the cluster "
        "at an address such as tcp://HOST:8786."
    ),
]
Workers = Annotated[int | None, Role.IGNORED, Option(min=1, help="Number of workers.", show_default="one per core")]
ModelFolder = Annotated[
    Path | None,
    Option(
        help="Model folder, written by train or export.",
        show_default="artifacts/train if it exists, otherwise the pretrained model",
    ),
]
