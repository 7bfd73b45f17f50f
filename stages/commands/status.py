"""Show which stages are up to date."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from pipeline.engine import ARTIFACTS, make
from pipeline.engine.command import main
from pipeline.engine.errors import UsageError


def status(
    variables: Annotated[
        list[str] | None, Argument(metavar="VARIABLE=VALUE", help="Options in capitals, as make takes them.")
    ] = None,
    explain: Annotated[bool, Option("--explain", help="Show every reason.")] = False,
) -> Iterator[str]:
    """Show which stages are up to date, which are not, and why.

    The next `make` runs each stage that is 'stale' or 'not made yet', and restores an earlier result of each stage that
    is 'in the store'. If a stage is 'waiting', make first runs the earlier stage, and then the waiting stage if its
    input has changed. A stage that refuses a value which another accepts is left out.

    Examples:
        handwriting status --explain
        handwriting status EPOCHS=3 RECIPE=quick
    """
    if not Path("Makefile").exists() and not os.path.lexists(ARTIFACTS):
        raise UsageError("there is no project in this folder: change into the folder of one")
    return make.status(variables or [], explain)


if __name__ == "__main__":
    main(status)
