"""Show which stages are up to date."""

from collections.abc import Iterator
from typing import Annotated

from typer import Argument, Option

from pipeline.engine import make
from pipeline.engine.command import main


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
    return make.status(variables or [], explain)


if __name__ == "__main__":
    main(status)
