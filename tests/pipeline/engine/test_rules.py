"""The rules for make, with nothing but the engine: a mistake in a Makefile or module is an error, not an old result."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.make.common import clean_environment, edit
from tests.processes import ROOT

MAKEFILE = f"""
stages := sow reap
reap.inputs := sow
sow.variables := SEEDS
python := {sys.executable} -S
.DEFAULT_GOAL := reap
include pipeline/engine/rules.mk
"""
SOW = """
from pathlib import Path
from pipeline.engine.command import main
from pipeline.engine.stage import Output, stage


@stage(packages=())
def sow(seeds: int = 3, output: Output = Path("artifacts/sow")) -> str:
    (output / "seeds.txt").write_text(str(seeds))
    return f"{seeds} seeds"


if __name__ == "__main__":
    main(sow)
"""
REAP = """
from pathlib import Path
from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage


@stage(packages=())
def reap(sow: Input = Path("artifacts/sow"), output: Output = Path("artifacts/reap")) -> str:
    (output / "ears.txt").write_text((sow / "seeds.txt").read_text())
    return "reaped"


if __name__ == "__main__":
    main(reap)
"""


@pytest.fixture
def field(tmp_path: Path) -> Path:
    """Return a project in which `make` has run."""
    shutil.copytree(ROOT / "pipeline/engine", tmp_path / "pipeline/engine")
    (tmp_path / "stages").mkdir()
    for name, text in (("Makefile", MAKEFILE), ("stages/sow.py", SOW), ("stages/reap.py", REAP)):
        (tmp_path / name).write_text(text)
    assert started(make(tmp_path)) == ["sow", "reap"]
    return tmp_path


def make(field: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=field, env=clean_environment(), capture_output=True, text=True)


def started(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line.rpartition("/")[2] for line in done.stdout.splitlines() if " -> " in line]


def assert_refused(field: Path, words: str, *arguments: str) -> None:
    done = make(field, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr.splitlines()[0]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("stages", ["reap sow", "reap"])
def test_stage_before_its_inputs_is_refused(stages: str, field: Path) -> None:
    edit(field / "Makefile", "stages := sow reap", f"stages := {stages}")
    assert_refused(field, "list sow before reap", "SEEDS=4")


def test_circle_of_stages_is_refused(field: Path) -> None:
    edit(field / "Makefile", "sow.variables", "sow.inputs := reap\nsow.variables")
    assert_refused(field, "list reap before sow")


@pytest.mark.parametrize("arguments", [(), ("SEEDS=4",)])
def test_input_that_the_makefile_does_not_name_is_refused_although_there_is_a_result(
    arguments: tuple[str, ...], field: Path
) -> None:
    edit(field / "Makefile", "reap.inputs := sow", "reap.inputs :=")
    assert_refused(field, "add it to reap.inputs", *arguments)


@pytest.mark.parametrize(
    "end", ["", 'if __name__ == "main":\n    main(sow)\n', 'if __name__ == "__main__":\n    sow()\n']
)
def test_module_that_does_not_become_a_command_is_refused(end: str, field: Path) -> None:
    module = field / "stages/sow.py"
    module.write_text(SOW.partition("if __name__")[0] + end)
    assert_refused(field, "let it end with main(sow)", "SEEDS=4")
    module.unlink()
    assert_refused(field, "stages/sow.py is missing", "SEEDS=4")
