"""Give back the room that earlier results take."""

from pathlib import Path
from typing import Annotated

from typer import Option

from stages.cli.console import run_module
from stages.cli.terminal import printable


def prune(
    keep: Annotated[int, Option(min=1, help="How many results of each stage stay, the last used ones.")] = 5,
    artifacts: Annotated[Path, Option(help="The folder with the results.")] = Path("artifacts"),
) -> str:
    """Remove earlier results from the store, and what killed runs have left there.

    What is published stays, and so does what a running stage reads or makes.

    Examples:
        handwriting prune
        handwriting prune --keep 1
    """
    from pipeline.engine.prune import prune as prune_store

    pruned = prune_store(artifacts, keep)
    lines = [f"{printable(name)}: {_megabytes(size)}" for name, size in pruned.removed.items()]
    lines += [f"{printable(name)}: in use, so it stays" for name in pruned.in_use]
    freed = _megabytes(sum(pruned.removed.values()))
    count = len(pruned.removed)
    return "\n".join(
        [*lines, f"freed {freed}: {count} result{'' if count == 1 else 's'} -> {printable(str(artifacts))}"]
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    run_module(prune)
