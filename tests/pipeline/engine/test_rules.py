"""The rules for make, with nothing but the engine: a mistake in a Makefile or module is an error, not an old result."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.make.common import clean_environment, copy, edit
from tests.pipeline.engine.project import write_project
from tests.processes import capture

MAKEFILE = f"""
stages := sow reap
reap.inputs := sow
python := {sys.executable}
.DEFAULT_GOAL := reap
include pipeline/engine/rules.mk
"""
SOW = """
from pathlib import Path
from pipeline.engine.command import main
from pipeline.engine.stage import Output, stage


@stage()
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


@stage()
def reap(
    sow: Input = Path("artifacts/sow"), height: float = 1, dry: bool = True, output: Output = Path("artifacts/reap")
) -> str:
    (output / "ears.txt").write_text((sow / "seeds.txt").read_text())
    return "reaped"


if __name__ == "__main__":
    main(reap)
"""


@pytest.fixture(scope="module")
def sown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project in which `make` has run. Tests only read it."""
    folder = write_project(tmp_path_factory.mktemp("sown"), stages__sow=SOW, stages__reap=REAP)
    (folder / "Makefile").write_text(MAKEFILE)
    assert started(make(folder)) == ["sow", "reap"]
    return folder


@pytest.fixture
def field(sown: Path, tmp_path: Path) -> Path:
    """Return a copy of it for one test."""
    return copy(sown, tmp_path / "field")


def make(field: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | variables
    return capture(["make", *arguments], cwd=field, env=environment)


def started(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line.rpartition("/")[2] for line in done.stdout.splitlines() if " -> " in line]


def assert_refused(field: Path, words: str, *arguments: str) -> None:
    done = make(field, *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert words in done.stderr.splitlines()[0]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("stages := sow reap", "stages := reap sow", "list sow before reap"),
        ("stages := sow reap", "stages := reap", "list sow before reap"),
        ("reap.inputs", "sow.inputs := reap\nreap.inputs", "list reap before sow"),  # a circle
        ("reap.inputs := sow", "reap.inputs :=", "add it to reap.inputs"),
        ("stages := sow", "stages := status sow", "give the stage status another name"),
        ("stages := sow reap", "stage := sow reap", "defines no stages"),
        ("stages := sow reap", "stages := sow reap bind", "stages/bind.py is missing"),
        ("python := ", "python := X=1 ", "begins with an assignment, X=1"),
    ],
)
def test_wrong_makefile_is_refused_although_there_are_results(old: str, new: str, words: str, field: Path) -> None:
    edit(field / "Makefile", old, new)
    assert_refused(field, words, *(["bind"] if "bind" in new else []))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("def sow", "def seed", "stages/sow.py has no stage sow"),
        ("artifacts/sow", "artifacts/seed", "let its default be artifacts/sow"),
        ('if __name__ == "__main__":\n    main', "main", "calls main when it is imported"),
        ("@stage", "raise SystemExit\n\n@stage", "importing the module stages.sow ends the program"),
    ],
)
def test_module_that_does_not_fit_the_makefile_is_refused(old: str, new: str, words: str, field: Path) -> None:
    edit(field / "stages/sow.py", old, new)
    assert_refused(field, words, "SEEDS=4")


def test_stages_that_another_package_hides_are_not_called_missing(field: Path) -> None:
    (field / "stages/__init__.py").unlink()
    (field / "installed/stages").mkdir(parents=True)
    (field / "installed/stages/__init__.py").touch()
    edit(field / "Makefile", "python :=", "export PYTHONPATH := installed\npython :=")
    assert_refused(field, "create the empty file stages/__init__.py")


def test_stage_can_be_defined_in_another_module(field: Path) -> None:
    own = field / "stages/sow.py"
    before, guard, call = own.read_text().partition('if __name__ == "__main__":')
    (field / "planting.py").write_text(before)
    own.write_text(f"from pipeline.engine.command import main\nfrom planting import sow\n\n{guard}{call}")
    assert "sow" in started(make(field, "SEEDS=4"))
    edit(field / "planting.py", "{seeds} seeds", "{seeds} new seeds")
    assert "sow" in started(make(field, "SEEDS=4"))


def test_input_replaced_after_the_check_of_make_is_refused(field: Path) -> None:
    module = field / "stages/reap.py"
    edit(module, "float = 1", "Annotated[float, Option(callback=replace)] = 1")
    # Make parses the options of the stage after it has checked its inputs.
    replace = """import sys
from typing import Annotated
from stages.sow import sow
from typer import Option


def replace(height):
    if height == 7 and "run" in sys.argv:
        sow(seeds=9)
    return height


"""
    edit(module, "@stage", f"{replace}@stage")
    before = (field / "artifacts/reap/ears.txt").read_text()
    done = make(field, "HEIGHT=7")
    assert (done.returncode, done.stdout) == (2, "")
    assert "artifacts/sow has been replaced by the result of another command" in done.stderr
    assert (field / "artifacts/reap/ears.txt").read_text() == before
    assert started(make(field, "HEIGHT=7", "SEEDS=9")) == ["reap"]


def parameters(field: Path) -> dict[str, object]:
    return dict(json.loads((field / "artifacts/reap/manifest.json").read_text())["parameters"])


def test_unknown_variable_is_refused_with_a_suggestion(field: Path) -> None:
    assert_refused(field, "Unknown variable SEED: did you mean SEEDS?", "SEED=4")
    assert_refused(field, "Unknown variable X: choose one of DRY HEIGHT SEEDS", "X=4")
    assert_refused(field, "Unknown variable HEIGHT", "sow", "HEIGHT=4")
    with open(field / "Makefile", "a", encoding="utf-8") as file:
        file.write("print: sow\n\t@echo $(call options,COPIES)\n\t@$(MAKE) reap\nothers := COPIES\n")
    edit(field / "Makefile", "python :=", "others := COPIES\nprint.inputs := sow\npython :=")
    done = make(field, "print", "COPIES=2", "SEEDS=2")
    assert (done.returncode, "--copies=2\n" in done.stdout, started(done)) == (0, True, ["sow", "reap"]), done.stderr


def test_wrong_value_of_a_later_stage_is_refused_before_the_first_is_started(field: Path) -> None:
    assert_refused(field, "reap: Invalid value for 'HEIGHT'", "SEEDS=4", "HEIGHT=tall")
    status = make(field, "status", "HEIGHT=tall")
    assert (status.returncode, "reap: " in status.stderr) == (2, True)
    assert_refused(field, "HEIGHT contains a line break", "SEEDS=4", "HEIGHT=4\n")


@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_make_a_stage_look_up_to_date(streams: str, field: Path) -> None:
    done = subprocess.run(["sh", "-c", f"make SEEDS=4 {streams}"], cwd=field, env=clean_environment(), timeout=60)
    is_made = (field / "artifacts/sow/seeds.txt").read_text() == "4"
    assert (done.returncode, is_made) in [(0, True), (2, False)]  # make itself loses its streams if all are closed


def states(field: Path, *variables: str) -> list[str]:
    return [re.sub(" {2,}", "  ", line) for line in make(field, "status", *variables).stdout.splitlines()]


def test_status_shows_what_make_would_do_and_does_nothing(field: Path) -> None:
    assert [line.rpartition(" created")[0] for line in states(field)] == ["sow  up to date ", "reap  up to date "]
    shown = {line.split()[0]: line for line in states(field, "SEEDS=4")}
    assert shown == {
        "sow": "sow  stale  parameter seeds: 3 -> 4",
        "reap": "reap  waiting  input sow: will be made again",
    }
    assert started(make(field)) == []
    shutil.rmtree(field / "artifacts")
    assert sorted(states(field)) == ["reap  not made yet", "sow  not made yet"]


@pytest.mark.parametrize("argument", ["extra_files", "resolve"])
def test_make_looks_at_the_files_that_a_stage_reads(argument: str, field: Path) -> None:
    path = field / "data" / "a.csv"
    path.parent.mkdir()
    path.write_text("first")
    read = "{**given, 'data': [path.read_text() for path in Path('data').glob('*.csv')]}"
    value = {"extra_files": "('data/*.csv',)", "resolve": f"lambda given: {read}"}[argument]
    edit(field / "stages/sow.py", "@stage()", f"@stage({argument}={value})")
    assert "sow" in started(make(field))
    assert started(make(field)) == []
    path.write_text("changed")
    assert "sow" in started(make(field))
    if argument == "extra_files":
        path.unlink()
        assert_refused(field, "sow: extra_files has data/*.csv, which matches no file")


def test_edit_of_code_outside_of_the_project_reruns_the_stages_that_import_it(field: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/seedbox.py").write_text("SEEDS = 3\n")
    edit(field / "stages/sow.py", "from pathlib import Path", "from pathlib import Path\nimport seedbox")
    places = {"PYTHONPATH": str(tmp_path / "src")}
    assert "sow" in started(make(field, **places))
    assert started(make(field, **places)) == []
    (tmp_path / "src/seedbox.py").write_text("SEEDS = 4\n")
    done = make(field, **places)
    assert ("sow" in started(done), "sow: code seedbox.py: changed\n" in done.stderr) == (True, True)


def test_results_can_be_copied_into_another_clone(field: Path) -> None:
    for name, damaged in (("whole", False), ("incomplete", True)):
        clone = field / name
        for part in ("Makefile", "stages", "pipeline", "artifacts/.store"):
            (clone / part).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (field / part).is_dir() else shutil.copy)(field / part, clone / part)
        if damaged:
            for path in clone.glob("artifacts/.store/sow-*/seeds.txt"):
                path.unlink()
        done = make(clone)
        assert started(done) == ["sow", "reap"]
        assert done.stdout.count("restored") == 2 - damaged


def test_makefile_of_stages_alone_runs_the_last_with_python3_and_ignores_the_environment(field: Path) -> None:
    text = re.sub("(?m)^(python|.DEFAULT_GOAL) :=.*", "", (field / "Makefile").read_text())
    (field / "Makefile").write_text(text)
    python = field / "bin/python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    environment = {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "python": "false", "SEEDS": "5"}
    environment |= dict.fromkeys(("stages", "others", "targets", "ready", "before"), "sow") | {"FORCE": "1"}
    assert started(make(field, "HEIGHT=4", **environment, PYTHONSAFEPATH="1")) == ["reap"]


def test_no_variable_of_a_stage_has_a_name_that_the_rules_define(field: Path) -> None:
    database = make(field, "--print-data-base", "--dry-run").stdout
    names = set(re.findall(r"(?m)^# makefile \(from '\S*rules\.mk', line \d+\)\n(?:define )?(\w+)", database))
    assert "quoted" in names
    assert {name for name in names if name.isupper()} == {"MAKEFILE_LIST", "PYTHONSAFEPATH"}  # of make, and of Python


@pytest.mark.parametrize(
    "variable", ["find_stale=", "stages=reap", "given=", "needed=", "python=false", "reap.inputs="]
)
def test_variable_of_the_rules_is_refused_on_the_command_line(variable: str, field: Path) -> None:
    assert_refused(field, f"Unknown variable {variable.partition('=')[0]}: ", "SEEDS=x", variable)


@pytest.mark.slow
def test_force_runs_the_stages_that_are_goals(field: Path) -> None:
    edit(field / "Makefile", "python :=", "both.inputs := reap sow\npython :=")
    with open(field / "Makefile", "a", encoding="utf-8") as file:
        file.write("both: reap\n")
    for goals, forced in ((["reap"], ["reap"]), (["sow"], ["sow"]), ([], ["reap"]), (["both"], ["sow", "reap"])):
        done = make(field, *goals, "FORCE=1")
        assert [
            name
            for name in started(done)
            if f"up to date: nothing relevant has changed -> artifacts/{name}\n" not in done.stdout
        ] == forced
    assert started(make(field, "FORCE=1", "SEEDS=4")) == ["sow", "reap"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["FORCE=yes"], "FORCE=yes: use 1"),
        (["status", "FORCE=1"], "FORCE=1 is not for status: name stages, as in make reap FORCE=1"),
        (["-B"], "FORCE=1"),
        (["reap", "--always-make", "SEEDS=4"], "FORCE=1"),
    ],
)
def test_force_and_always_make_are_refused_where_they_have_no_meaning(
    arguments: list[str], words: str, field: Path
) -> None:
    assert_refused(field, words, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reep", "SEEDS=4"], "'SEEDS=4' is not for reep: see the Makefile"),
        (["reap", "SEEDS=4", "reep"], "There is no target reep: see the Makefile"),
        (["--dry-run", "reep"], "There is no target reep: see the Makefile"),
        (["print", "SEEDS=4"], "'SEEDS=4' is not for print: choose one of COPIES"),
        (["it's"], "There is no target it's"),
    ],
)
def test_unknown_goal_is_refused(arguments: list[str], words: str, field: Path) -> None:
    edit(field / "Makefile", "python :=", "targets := print\nothers := COPIES\npython :=")
    with open(field / "Makefile", "a", encoding="utf-8") as file:
        file.write("-include missing.mk\nprint:\n\techo $(COPIES)\n")
    assert_refused(field, words, *arguments)
    assert make(field, "print").returncode == 0
