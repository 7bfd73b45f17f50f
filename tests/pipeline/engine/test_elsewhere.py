"""Another project takes the folder as it is."""

import os
import py_compile
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import ROOT, wait_for

BAKE = """
import logging
import sys
from pathlib import Path
from pipeline.engine.stage import Input, Output, stage
from bakery import recipes


logging.basicConfig(level="INFO", format="%(message)s")


@stage(packages=())
def flour(output: Output = Path("out/flour"), grams: int = 500) -> str:
    (output / "grams.txt").write_text(str(grams))
    return f"{grams} g of flour"


@stage(packages=())
def bread(flour: Input = Path("out/flour"), output: Output = Path("out/bread")) -> str:
    grams = int((flour / "grams.txt").read_text())
    (output / "loaf.txt").write_text(str(grams * recipes.WATER))
    return f"a loaf of {grams * recipes.WATER:g} g"


if __name__ == "__main__":
    if sys.argv[1:]:
        print("loaded", flush=True)
        sys.stdin.readline()
    print(flour())
    print(bread())
"""


CAKE = """
import sys
from pathlib import Path
from pipeline.engine.stage import Output, stage


@stage(packages=())
def cake(output: Output = Path("out/cake")) -> str:
    print("started", flush=True)
    sys.stdin.readline()
    from bakery import recipes
    (output / "sugar.txt").write_text(str(recipes.SUGAR))
    return f"a cake with {recipes.SUGAR} g of sugar"


if __name__ == "__main__":
    print(cake())
"""


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "pipeline/engine", tmp_path / "pipeline/engine")
    (tmp_path / "bakery").mkdir()
    (tmp_path / "bakery/recipes.py").write_text("WATER = 1.6\n")
    (tmp_path / "bakery/bake.py").write_text(BAKE)
    return tmp_path


# Without what is installed: the engine is the copied one, and needs nothing else.
PYTHON = (sys.executable, "-S", "-m")


def start(bakery: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PYTHON, *command],
        cwd=bakery,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bake(bakery: Path, what: str = "bake") -> list[str]:
    command = [*PYTHON, f"bakery.{what}"]
    return subprocess.run(command, cwd=bakery, check=True, capture_output=True, text=True).stdout.splitlines()


def test_the_engine_serves_another_pipeline_as_it_is(bakery: Path) -> None:
    assert bake(bakery) == ["500 g of flour -> out/flour", "a loaf of 800 g -> out/bread"]
    assert [line.partition(":")[0] for line in bake(bakery)] == ["up to date", "up to date"]
    (bakery / "bakery/recipes.py").write_text("WATER = 1.7\n")
    assert bake(bakery)[1] == "a loaf of 850 g -> out/bread"
    (bakery / "bakery/recipes.py").write_text("# less water\nWATER = 1.60\n")
    assert bake(bakery)[1].startswith("restored what was made on ")


def test_a_module_that_was_loaded_from_another_state_makes_no_result_that_lasts(bakery: Path) -> None:
    recipes = bakery / "bakery/recipes.py"
    py_compile.compile(str(recipes))
    times = recipes.stat()
    recipes.write_text("WATER = 1.8\n")
    os.utime(recipes, ns=(times.st_atime_ns, times.st_mtime_ns))  # so Python takes what was compiled for up to date
    assert bake(bakery)[1] == "a loaf of 800 g -> out/bread"
    assert bake(bakery)[1] == "a loaf of 900 g -> out/bread"
    assert bake(bakery)[1].startswith("up to date")


@pytest.mark.parametrize("restored", [True, False])
def test_a_module_that_was_edited_after_it_was_loaded_makes_no_result_that_lasts(restored: bool, bakery: Path) -> None:
    recipes = bakery / "bakery/recipes.py"
    with start(bakery, "bakery.bake", "wait") as process:
        wait_for("loaded", process.stdout)
        time.sleep(0.05)
        recipes.write_text("WATER = 1.8\n")
        if restored:
            recipes.write_text("WATER = 1.6\n")
        said, told = process.communicate("go on\n")
    assert "a loaf of 800 g" in said
    assert "bread: to be run again, for it changed meanwhile: code bakery/recipes.py: changed\n" in told
    recipes.write_text("WATER = 1.8\n")
    assert bake(bakery)[1] == "a loaf of 900 g -> out/bread"
    recipes.write_text("WATER = 1.6\n")
    assert bake(bakery)[1] == "a loaf of 800 g -> out/bread"  # worked, not restored


def test_a_module_that_is_edited_before_the_body_imports_it_is_the_one_that_the_key_tells_of(bakery: Path) -> None:
    (bakery / "bakery/cake.py").write_text(CAKE)
    recipes = bakery / "bakery/recipes.py"
    recipes.write_text("SUGAR = 100\n")

    def cake(meanwhile: str) -> str:
        with start(bakery, "bakery.cake") as process:
            wait_for("started", process.stdout)
            recipes.write_text(meanwhile)
            return process.communicate("go on\n")[0]

    assert cake(meanwhile="SUGAR = 200\n") == "a cake with 100 g of sugar -> out/cake\n"
    assert cake(meanwhile="SUGAR = 100\n") == "a cake with 200 g of sugar -> out/cake\n"
    (restored,) = bake(bakery, "cake")
    assert restored.startswith("restored ")
    assert restored.endswith(": a cake with 100 g of sugar -> out/cake")
