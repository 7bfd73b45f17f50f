"""A small pipeline for the tests of the engine."""

from pathlib import Path
from typing import Annotated

import numpy as np

from pipeline.engine import CHECKPOINT
from pipeline.engine.arrays import save_array
from pipeline.engine.errors import PipelineError
from pipeline.engine.stage import File, Input, Output, Role, stage


@stage()
def plant(
    output: Output, number: int = 1, threads: Annotated[int, Role.IGNORED] = 1, place: Path = Path("somewhere")
) -> str:
    """Save the numbers below `number`."""
    save_array(output / "numbers.npy", np.arange(number, dtype=np.float32))
    return f"{number} numbers"


@stage()
def water(plant: Input, output: Output) -> str:
    (output / "wet.txt").write_bytes((plant / "numbers.npy").read_bytes())
    return "wet"


@stage()
def feed(food: File, output: Output) -> str:
    (output / "eaten.txt").write_text(food.read_text())
    return f"fed {food.read_text()}"


@stage()
def harvest(plant: Input, water: Input, output: Output, fail: bool = False) -> str:
    (output / "early.txt").write_text("incomplete")
    if fail:
        raise RuntimeError("hail")
    return "harvested"


@stage()
def grow(
    output: Output, rings: int = 5, until: Annotated[int, Role.IGNORED] = 99, how: Annotated[str, Role.IGNORED] = ""
) -> str:
    """Add rings, with a checkpoint after each; raise the error `how` before the ring `until`."""
    trunk = output / CHECKPOINT / "trunk.txt"
    trunk.parent.mkdir(exist_ok=True)
    found = trunk.read_text() if trunk.exists() else ""
    (output / "leaf.txt").write_text("still green")
    for ring in range(len(found), rings):
        if ring == until:
            raise {"stopped": KeyboardInterrupt, "full": OSError, "rotten": PipelineError}[how]("storm")
        trunk.write_text(trunk.read_text() + "o" if trunk.exists() else "o")
    (output / "tree.txt").write_text(trunk.read_text())
    return f"{rings} rings, {len(found)} of them old"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def stored(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in (folder / ".store").iterdir() if path.suffix != ".lock")
