"""Delete old results."""

from typing import Annotated

from typer import Option

from pipeline.engine import ARTIFACTS
from pipeline.engine.command import main
from pipeline.engine.terminal import printable


def prune(
    keep: Annotated[int, Option(min=1, help="Number of most recently used results to keep for each stage.")] = 5,
) -> str:
    """Delete old results and the leftovers of interrupted runs from the store.

    Results that are published or named are kept, and so are evaluations of named runs and results that a running stage
    reads or writes.

    Examples:
        handwriting prune
        handwriting prune --keep 1
    """
    from pipeline.engine.results import prune as prune_store

    removed = prune_store(ARTIFACTS, keep, {"evaluate": "train"})
    lines = [f"{printable(name)}: {size / 1e6:.1f} MB" for name, size in removed.items()]
    results = f"{len(removed)} result{'' if len(removed) == 1 else 's'}"
    freed = f"{sum(removed.values()) / 1e6:.1f} MB"
    return "\n".join([*lines, f"freed {freed}: {results} -> {ARTIFACTS}"])


if __name__ == "__main__":
    main(prune)
