"""A small pipeline that the tests of the engine run."""

from pathlib import Path
from typing import Annotated

import numpy as np

from pipeline.engine.arrays import save_array
from pipeline.engine.stage import Input, Output, Role, stage


@stage
def plant(
    output: Output, number: int = 1, threads: Annotated[int, Role.UNKEYED] = 1, place: Path = Path("somewhere")
) -> str:
    """Makes numbers."""
    save_array(output / "numbers.npy", np.arange(number, dtype=np.float32))
    return f"{number} numbers"


@stage
def water(plant: Input, output: Output) -> str:
    (output / "wet.txt").write_bytes((plant / "numbers.npy").read_bytes())
    return "wet"


@stage
def harvest(plant: Input, water: Input, output: Output, fail: bool = False) -> str:
    (output / "early.txt").write_text("half a result")
    if fail:
        raise RuntimeError("hail")
    return "harvested"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def stored(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in (folder / ".store").iterdir() if path.suffix != ".lock")
