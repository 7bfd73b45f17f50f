"""The engine, copied into another project, runs its stages."""

import mmap
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.pipeline.engine.project import call, interrupt, start, write_project
from tests.processes import wait_for

BAKE = """
import logging
import sys
from pathlib import Path
from pipeline.engine.stage import Input, Output, stage
from bakery import recipes


logging.basicConfig(level="INFO", format="%(message)s")


@stage()
def flour(output: Output = Path("out/flour"), grams: int = 500) -> str:
    (output / "grams.txt").write_text(str(grams))
    return f"{grams} g of flour"


@stage()
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
import logging
import sys
from pathlib import Path
from pipeline.engine.stage import Output, stage


logging.basicConfig(level="INFO", format="%(message)s")


@stage(extra_files=("bakery/*.txt",))
def cake(output: Output = Path("out/cake")) -> str:
    print("started", flush=True)
    sys.stdin.readline()
    from bakery import recipes
    if False:
        import bakery.more
    (output / "checkpoint").mkdir(exist_ok=True)
    sugar = output / "checkpoint/sugar.txt"
    if sugar.exists():
        return f"a cake with {sugar.read_text()} g of sugar from before"
    sugar.write_text(str(recipes.SUGAR))
    print("sweet", flush=True)
    sys.stdin.readline()
    icing = Path("bakery/icing.txt").read_text()
    (output / "sugar.txt").write_text(f"{recipes.SUGAR} {icing}")
    return f"a cake with {recipes.SUGAR} g of sugar and {icing} g of icing"


if __name__ == "__main__":
    print(cake())
"""


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    return write_project(tmp_path, bakery__recipes="WATER = 1.6\nSUGAR = 100\n", bakery__bake=BAKE, bakery__cake=CAKE)


def bake(bakery: Path, module: str = "bake") -> list[str]:
    status, stdout, stderr = call(bakery, f"bakery.{module}")
    assert status == 0, stderr
    return stdout.splitlines()


@pytest.mark.parametrize("restored", [True, False])
def test_result_of_module_edited_after_import_is_not_reused(restored: bool, bakery: Path) -> None:
    recipes = bakery / "bakery/recipes.py"
    with start(bakery, "bakery.bake", "wait") as process:
        wait_for("loaded", process.stdout)
        time.sleep(0.05)
        recipes.write_text("WATER = 1.80\n")  # the sizes differ, so that Python never takes old bytecode
        if restored:
            recipes.write_text("WATER = 1.600\n")
        stdout, stderr = process.communicate("go on\n")
    assert "a loaf of 800 g" in stdout
    assert "bread: will run again, because of changes during the run: code bakery/recipes.py: changed\n" in stderr
    recipes.write_text("WATER = 1.8\n")
    assert bake(bakery)[1] == "a loaf of 900 g -> out/bread"
    recipes.write_text("WATER = 1.60\n")
    assert bake(bakery)[1] == "a loaf of 800 g -> out/bread"  # rerun, not restored


@pytest.mark.parametrize("file", ["recipes.py", "icing.txt"])
def test_file_edited_during_the_run_and_read_late_is_not_reused(file: str, bakery: Path) -> None:
    path = bakery / "bakery" / file
    (bakery / "bakery/icing.txt").write_text("100")
    text = path.read_text()

    def cake(edited: str) -> str:
        with start(bakery, "bakery.cake") as process:
            wait_for("started", process.stdout)
            path.write_text(edited)
            stdout, stderr = process.communicate("go on\ngo on\n")
        assert f"changes during the run: {'code' if file == 'recipes.py' else 'file'} bakery/{file}: " in stderr
        return stdout

    assert ("2000" in cake(text.replace("100", "2000"))) == (file == "icing.txt")  # modules are imported before
    assert "100" in cake(text)
    assert bake(bakery, "cake")[-1] == "a cake with 100 g of sugar and 100 g of icing -> out/cake"  # not restored
    assert bake(bakery, "cake")[-1].startswith("up to date")


@pytest.mark.parametrize("end", ["interrupt", "kill"])
def test_checkpoint_belongs_to_the_code_that_wrote_it(end: str, bakery: Path) -> None:
    recipes = bakery / "bakery/recipes.py"
    (bakery / "bakery/icing.txt").write_text("100")
    text = recipes.read_text()
    with start(bakery, "bakery.cake") as process:
        wait_for("started", process.stdout)
        recipes.write_text(text.replace("100", "2000"))
        assert process.stdin
        process.stdin.write("go on\n")
        process.stdin.flush()
        wait_for("sweet", process.stdout)
        if end == "kill":
            process.kill()
            process.communicate()
        else:
            interrupt(process)
    recipes.write_text(text)
    assert "2000" not in bake(bakery, "cake")[-1]


def test_run_is_kept_if_a_module_is_not_valid_at_its_end(bakery: Path) -> None:
    (bakery / "bakery/icing.txt").write_text("100")
    (bakery / "bakery/more.py").write_text("")
    with start(bakery, "bakery.cake") as process:
        wait_for("started", process.stdout)
        (bakery / "bakery/more.py").write_text("def")
        stdout, stderr = process.communicate("go on\ngo on\n")
    assert ("a cake with 100 g" in stdout, "more.py, line 1 is not valid Python" in stderr) == (True, True)
    assert process.returncode == 0


def test_same_size_edit_within_a_second_never_gives_the_result_of_the_earlier_code(tmp_path: Path) -> None:
    folder = write_project(tmp_path, bakery__bake=BAKE, bakery__recipes="WATER = 1.6\n")
    file = folder / "bakery/recipes.py"
    assert "a loaf of 800 g" in call(folder, "bakery.bake")[1]
    before = file.stat()
    file.write_text("WATER = 1.8\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # Python still takes the bytecode of 1.6
    _, summary, log = call(folder, "bakery.bake")
    assert "a loaf of 800 g" in summary and "will run again" in log
    assert "a loaf of 900 g" in call(folder, "bakery.bake")[1]
    assert "up to date" in call(folder, "bakery.bake")[1].splitlines()[-1]


def test_source_changed_through_a_memory_map_is_read_before_its_result_is_stored(tmp_path: Path) -> None:
    folder = write_project(tmp_path, bakery__bake=BAKE, bakery__recipes="WATER = 1.6\n")
    (folder / "artifacts").mkdir()  # of the memory
    file = folder / "bakery/recipes.py"
    with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        mapped[:1] = b"W"
        assert "a loaf of 800 g" in call(folder, "bakery.bake")[1]
        mapped[8:11] = b"1.8"  # keeps the times
        shutil.rmtree(folder / "out/.store", ignore_errors=True)
        call(folder, "bakery.bake")
    file.write_text("WATER = 1.6\n")
    assert "a loaf of 800 g" in call(folder, "bakery.bake")[1]
