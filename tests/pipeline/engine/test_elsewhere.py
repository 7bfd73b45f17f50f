"""The engine, copied into another project, runs its stages."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import ROOT, SITE, wait_for

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
import logging
import sys
from pathlib import Path
from pipeline.engine.stage import Output, stage


logging.basicConfig(level="INFO", format="%(message)s")


@stage(packages=(), extra_files=("bakery/*.txt",))
def cake(output: Output = Path("out/cake")) -> str:
    print("started", flush=True)
    sys.stdin.readline()
    from bakery import recipes
    if False:
        import bakery.more
    icing = Path("bakery/icing.txt").read_text()
    (output / "sugar.txt").write_text(f"{recipes.SUGAR} {icing}")
    return f"a cake with {recipes.SUGAR} g of sugar and {icing} g of icing"


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


# Without this project, whose engine is copied.
PYTHON = (sys.executable, "-S", "-m")
ENVIRONMENT = {**os.environ, "PYTHONPATH": SITE}


def start(bakery: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PYTHON, *command],
        cwd=bakery,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bake(bakery: Path, module: str = "bake") -> list[str]:
    command = [*PYTHON, f"bakery.{module}"]
    done = subprocess.run(command, cwd=bakery, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("restored", [True, False])
def test_result_of_module_edited_after_import_is_not_reused(restored: bool, bakery: Path) -> None:
    recipes = bakery / "bakery/recipes.py"
    with start(bakery, "bakery.bake", "wait") as process:
        wait_for("loaded", process.stdout)
        time.sleep(0.05)
        recipes.write_text("WATER = 1.8\n")
        if restored:
            recipes.write_text("WATER = 1.6\n")
        stdout, stderr = process.communicate("go on\n")
    assert "a loaf of 800 g" in stdout
    assert "bread: will run again, because of changes during the run: code bakery/recipes.py: changed\n" in stderr
    recipes.write_text("WATER = 1.8\n")
    assert bake(bakery)[1] == "a loaf of 900 g -> out/bread"
    recipes.write_text("WATER = 1.6\n")
    assert bake(bakery)[1] == "a loaf of 800 g -> out/bread"  # rerun, not restored


@pytest.mark.parametrize("file", ["recipes.py", "icing.txt"])
def test_file_edited_during_the_run_and_read_late_is_not_reused(file: str, bakery: Path) -> None:
    (bakery / "bakery/cake.py").write_text(CAKE)
    texts = {"recipes.py": "SUGAR = {}\n", "icing.txt": "{}"}
    for name, text in texts.items():
        (bakery / "bakery" / name).write_text(text.format(100))

    def cake(edit: str) -> str:
        with start(bakery, "bakery.cake") as process:
            wait_for("started", process.stdout)
            (bakery / "bakery" / file).write_text(edit)
            stdout, stderr = process.communicate("go on\n")
        assert f"changes during the run: {'code' if file == 'recipes.py' else 'file'} bakery/{file}: " in stderr
        return stdout

    assert "2000" in cake(texts[file].format(2000))
    assert "100" in cake(texts[file].format(100))
    assert bake(bakery, "cake")[-1] == "a cake with 100 g of sugar and 100 g of icing -> out/cake"  # not restored
    assert bake(bakery, "cake")[-1].startswith("up to date")


@pytest.mark.parametrize("module", ["start", "status", "stage"])
def test_old_python_is_named_in_one_line(module: str, bakery: Path) -> None:
    code = f"import sys; sys.version_info = (3, 10, 1); import pipeline.engine.{module}"
    done = subprocess.run([*PYTHON[:2], "-c", code], cwd=bakery, env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("Python 3.11 or newer is required")


def test_run_is_kept_if_a_module_is_not_valid_at_its_end(bakery: Path) -> None:
    (bakery / "bakery/cake.py").write_text(CAKE)
    (bakery / "bakery/recipes.py").write_text("SUGAR = 100\n")
    (bakery / "bakery/icing.txt").write_text("100")
    (bakery / "bakery/more.py").write_text("")
    with start(bakery, "bakery.cake") as process:
        wait_for("started", process.stdout)
        (bakery / "bakery/more.py").write_text("def")
        stdout, stderr = process.communicate("go on\n")
    assert (stdout.startswith("a cake with 100 g"), "more.py, line 1 is not valid Python" in stderr) == (True, True)
    assert process.returncode == 0
