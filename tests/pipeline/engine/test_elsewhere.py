"""Another project takes the folder as it is."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.processes import ROOT

FLOUR = """
from pathlib import Path
from pipeline.engine.stage import Input, Output, stage
from bakery import recipes


@stage(packages=())
def flour(output: Output = Path("out/flour"), grams: int = 500) -> str:
    (output / "grams.txt").write_text(str(grams))
    return f"{grams} g of flour"


@stage(packages=())
def bread(flour: Input = Path("out/flour"), output: Output = Path("out/bread")) -> str:
    grams = int((flour / "grams.txt").read_text())
    (output / "loaf.txt").write_text(str(grams * recipes.WATER))
    return f"a loaf of {grams * recipes.WATER:g} g"


print(flour())
print(bread())
"""


def test_the_engine_serves_another_pipeline_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pipeline/engine", tmp_path / "pipeline/engine")
    (tmp_path / "bakery").mkdir()
    (tmp_path / "bakery/recipes.py").write_text("WATER = 1.6\n")
    (tmp_path / "bakery/bake.py").write_text(FLOUR)

    def bake() -> list[str]:
        command = [sys.executable, "-B", "-m", "bakery.bake"]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.splitlines()

    assert bake() == ["500 g of flour -> out/flour", "a loaf of 800 g -> out/bread"]
    assert [line.partition(":")[0] for line in bake()] == ["up to date", "up to date"]
    (tmp_path / "bakery/recipes.py").write_text("WATER = 1.7\n")
    assert bake()[1] == "a loaf of 850 g -> out/bread"
    (tmp_path / "bakery/recipes.py").write_text("# less water\nWATER = 1.60\n")
    assert bake()[1].startswith("restored what was made on ")
