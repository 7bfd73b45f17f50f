"""The rules for make, with nothing but the engine: a mistake in a Makefile or module is an error, not an old result."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.make.common import clean_environment, edit
from tests.processes import ROOT, SITE

ENVIRONMENT = clean_environment() | {"PYTHONPATH": SITE}
MAKEFILE = f"""
stages := sow reap
reap.inputs := sow
sow.variables := SEEDS
reap.variables := HEIGHT DRY
flags := DRY
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
def reap(
    sow: Input = Path("artifacts/sow"), height: float = 1, dry: bool = True, output: Output = Path("artifacts/reap")
) -> str:
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
    return subprocess.run(["make", *arguments], cwd=field, env=ENVIRONMENT, capture_output=True, text=True)


def started(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line.rpartition("/")[2] for line in done.stdout.splitlines() if " -> " in line]


def assert_refused(field: Path, words: str, *arguments: str) -> None:
    done = make(field, *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
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
    done = make(field, "SEEDS=4")
    assert (done.returncode, done.stdout, "let it end with main(sow)" in done.stderr) == (2, "", True)
    module.unlink()
    assert_refused(field, "stages/sow.py is missing", "SEEDS=4")


def test_module_that_runs_its_stage_when_it_is_imported_is_refused(field: Path) -> None:
    edit(field / "stages/sow.py", 'if __name__ == "__main__":\n    main', "main")
    assert_refused(field, "stages.sow calls main when it is imported", "SEEDS=4", "HEIGHT=2")


def test_stage_can_be_defined_in_another_module(field: Path) -> None:
    own = field / "stages/sow.py"
    before, guard, call = own.read_text().partition('if __name__ == "__main__":')
    (field / "stages/planting.py").write_text(before)
    own.write_text(f"from pipeline.engine.command import main\nfrom stages.planting import sow\n\n{guard}{call}")
    assert "sow" in started(make(field, "SEEDS=4"))


def test_stage_called_status_is_refused(field: Path) -> None:
    edit(field / "Makefile", "stages := sow", "stages := status sow")
    assert_refused(field, "give the stage status another name")


def parameters(field: Path) -> dict[str, object]:
    return dict(json.loads((field / "artifacts/reap/manifest.json").read_text())["parameters"])


def test_flag_is_1_or_0_and_can_be_true_by_default(field: Path) -> None:
    assert started(make(field, "DRY=1")) == ["reap"]  # up to date, but make has not seen the option before
    assert started(make(field, "DRY=0")) == ["reap"]
    assert parameters(field)["dry"] is False
    for value in ("false", "", "1 0"):
        assert_refused(field, f"DRY={value}: use 1 or 0", f"DRY={value}")
    edit(field / "Makefile", "flags := DRY", "")
    assert_refused(field, "flags", "DRY=1")


def test_option_force_can_become_a_flag(field: Path) -> None:
    edit(field / "Makefile", "SEEDS\n", "SEEDS FORCE\n")
    edit(field / "Makefile", "HEIGHT DRY\nflags := ", "HEIGHT DRY FORCE\nflags := FORCE ")
    for _ in range(2):
        done = make(field, "FORCE=1")
        assert (started(done), "up to date" in done.stdout) == (["sow", "reap"], False)
    assert make(field, "status", "FORCE=1").stdout.splitlines() == [
        "sow is stale; option --force: given",
        "reap is stale; input sow: will be made again; option --force: given",
    ]
    assert started(make(field, "FORCE=0")) == started(make(field)) == []


@pytest.mark.parametrize("line", ["stage := sow reap", ""])
def test_makefile_without_stages_is_refused(line: str, field: Path) -> None:
    edit(field / "Makefile", "stages := sow reap", line)
    assert_refused(field, "defines no stages")


def test_variable_of_no_stage_and_no_goal_is_refused(field: Path) -> None:
    edit(field / "Makefile", "sow.variables", "print.variables := COPIES\nswo.variables")
    assert_refused(field, "Unknown variable SEEDS for reap: choose one of DRY HEIGHT", "SEEDS=4")
    with open(field / "Makefile", "a", encoding="utf-8") as file:
        file.write("print: sow\n\t@echo $(call options,print)\n\t@$(MAKE) reap\n")
    done = make(field, "print", "COPIES=2", "HEIGHT=2")
    assert (done.returncode, "--copies=2\n" in done.stdout) == (0, True), done.stderr
    assert_refused(field, "Unknown variable COPIES for reap", "COPIES=2")


def test_dry_run_needs_no_interpreter(field: Path) -> None:
    edit(field / "Makefile", f"python := {sys.executable} -S", "python := venv/bin/python\nready := venv/ready")
    with open(field / "Makefile", "a", encoding="utf-8") as file:
        file.write("$(ready):\n\tinstall it\n")
    done = make(field, "--dry-run", "SEEDS=4")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "install it",
        "venv/bin/python -m pipeline.engine.start stages.sow --seeds='4'",
        "venv/bin/python -m pipeline.engine.start stages.reap ",
    ]


@pytest.mark.parametrize("place", ["def sow", "    (output"])
def test_missing_package_is_one_line(place: str, field: Path) -> None:
    indent = place.removesuffix(place.lstrip())
    line = f"{indent}import tulip.bulbs\n{indent}"
    module = field / "stages/sow.py"
    text = module.read_text()
    text = (
        text.replace("@stage", f"{line}@stage") if place == "def sow" else text.replace(place, f"{line}{place.strip()}")
    )
    module.write_text(text)
    done = make(field, "SEEDS=4")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "the module tulip is missing: install its package" in done.stderr
    module.write_text(text.replace("tulip.bulbs", "stages.tulip"))  # a bug of the project
    assert "Traceback" in make(field, "SEEDS=4").stderr


@pytest.mark.parametrize(("value", "height"), [("-1e3", -1000.0), (" 7", 7.0)])
def test_value_may_begin_with_a_minus_or_a_space(value: str, height: float, field: Path) -> None:
    assert started(make(field, f"HEIGHT={value}")) == ["reap"]
    assert parameters(field)["height"] == height


def test_wrong_value_of_a_later_stage_is_refused_before_the_first_is_started(field: Path) -> None:
    words = "reap: argument --height: invalid float value: 'tall'"
    assert_refused(field, words, "SEEDS=4", "HEIGHT=tall")
    status = make(field, "status", "HEIGHT=tall")
    assert (status.returncode, words in status.stderr) == (2, True)


def test_status_shows_what_make_would_do_and_does_nothing(field: Path) -> None:
    assert make(field, "status").stdout.splitlines() == ["sow is up to date", "reap is up to date"]
    lines = make(field, "status", "SEEDS=4").stdout.splitlines()
    assert lines == ["sow is stale; parameter seeds: 3 -> 4", "reap is waiting; input sow: will be made again"]
    assert started(make(field)) == []
    shutil.rmtree(field / "artifacts")
    assert make(field, "status").stdout.splitlines() == ["sow is not made yet", "reap is not made yet"]


def write_data(field: Path, *names: str) -> None:
    for name in names:
        path = field / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} in its first version")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("data/**/*.csv", "a.csv"),
        ("data/**/*.csv", "2026/b.csv"),
        ("data/**/*.csv", "2026/01/c.csv"),
        ("data/**", "2026/01/c.csv"),
        ("data/*", ".hidden"),
        ("data/*/*", ".2025/d.csv"),
    ],
)
@pytest.mark.parametrize("argument", ["extra_files", "watch"])
def test_make_and_the_key_agree_about_the_files_that_a_pattern_matches(
    argument: str, pattern: str, name: str, field: Path
) -> None:
    names = ["a.csv", "2026/b.csv", "2026/01/c.csv", ".hidden", ".2025/d.csv"]
    write_data(field, *names)
    if argument == "extra_files":
        edit(field / "stages/sow.py", "packages=()", f"packages=(), extra_files=({pattern!r},)")
    else:
        read = "[path.read_text() for path in sorted(Path('data').rglob('*')) if path.is_file()]"
        resolve = f"lambda given: {{**given, 'data': {read}}}"
        edit(
            field / "stages/sow.py", "packages=()", f"packages=(), resolve={resolve}, watch=lambda given: [{pattern!r}]"
        )
    assert "sow" in started(make(field))
    assert started(make(field)) == []
    (field / "data" / name).write_text("changed")
    assert "sow" in started(make(field))
    assert started(make(field)) == []
    (field / "data" / name).unlink()
    assert "sow" in started(make(field))


@pytest.mark.parametrize("pattern", ["dta/*.csv", "data", "data/*.txt", "/etc/*", "../beside/*"])
def test_pattern_that_matches_no_file_of_the_project_is_refused(pattern: str, field: Path) -> None:
    write_data(field, "a.csv", "../../beside/b.csv")
    edit(field / "stages/sow.py", "packages=()", f"packages=(), extra_files=('data/*.csv', {pattern!r})")
    assert_refused(field, f"sow: extra_files has {pattern}")
    done = make(field, "status")
    assert (done.returncode, f"extra_files has {pattern}" in done.stderr, "Traceback" in done.stderr) == (
        2,
        True,
        False,
    )


def test_record_that_the_full_disk_refuses_accuses_no_other_command(field: Path) -> None:
    assert started(make(field, "SEEDS=4")) == ["sow", "reap"]
    assert started(make(field)) == ["sow", "reap"]  # restored
    record = field / "artifacts/.cache/sow.json"
    limited = f"ulimit -f {record.stat().st_size // 1024}; make SEEDS=4"
    done = subprocess.run(["bash", "-c", limited], cwd=field, env=ENVIRONMENT, capture_output=True, text=True)
    assert started(done) == ["sow", "reap"]
    assert not record.exists()


def test_results_can_be_copied_into_another_clone(field: Path, tmp_path: Path) -> None:
    for name, damaged in (("whole", False), ("incomplete", True)):
        clone = field / name
        for part in ("Makefile", "stages", "pipeline", "artifacts/.store"):
            copy = shutil.copytree if (field / part).is_dir() else shutil.copy
            (clone / part).parent.mkdir(parents=True, exist_ok=True)
            copy(field / part, clone / part)
        if damaged:
            for path in clone.glob("artifacts/.store/sow-*/seeds.txt"):
                path.unlink()
        done = make(clone)
        assert started(done) == ["sow", "reap"]
        assert done.stdout.count("restored") == 2 - damaged


def ask_status(field: Path, *options: str) -> tuple[int, str]:
    line = [sys.executable, "-S", "-m", "pipeline.engine.status", *options]
    done = subprocess.run(line, cwd=field, env=ENVIRONMENT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--assume"),
        (("--assume", ""), "--assume is ''"),
        (("--assume", "sow 'many"), "sow 'many"),
        (("--assume", "mow"), "stages/mow.py is missing"),
        (("--all",), "python -m pipeline.engine.status --help"),
    ],
)
def test_wrong_use_of_the_command_status_is_one_line(options: tuple[str, ...], words: str, field: Path) -> None:
    status, printed = ask_status(field, *options)
    assert (status, printed.startswith("status: "), printed.count("\n"), words in printed) == (2, True, 1, True)
    assert "usage: python -m pipeline.engine.status" in ask_status(field, "--help")[1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("def sow", "def seed", "stages/sow.py has no stage sow"),
        ("artifacts/sow", "artifacts/seed", "sow: output is artifacts/seed: let its default be artifacts/sow"),
    ],
)
def test_module_that_does_not_fit_the_makefile_is_refused(old: str, new: str, words: str, field: Path) -> None:
    edit(field / "stages/sow.py", old, new)
    assert_refused(field, words, "SEEDS=4")


def test_input_that_the_makefile_does_not_name_is_refused_before_the_first_stage(field: Path) -> None:
    edit(field / "Makefile", "reap.inputs := sow", "bake.inputs := reap")
    edit(field / "Makefile", "stages := sow reap", "stages := sow reap bake")
    edit(field / "Makefile", "GOAL := reap", "GOAL := bake")
    bake = REAP.replace("reap", "bake").replace("sow: Input", "reap: Input").replace("sow", "reap")
    (field / "stages/bake.py").write_text(bake.replace("seeds.txt", "ears.txt"))
    shutil.rmtree(field / "artifacts")
    assert_refused(field, "reap: the stage reads sow: add it to reap.inputs")


def test_makefile_of_stages_alone_runs_the_last_with_python3(field: Path) -> None:
    text = re.sub("(?m)^(python|.DEFAULT_GOAL) :=.*", "", (field / "Makefile").read_text())
    (field / "Makefile").write_text(text)
    python = field / "bin/python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    environment = ENVIRONMENT | {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["make", "SEEDS=4"], cwd=field, env=environment, capture_output=True, text=True)
    assert started(done) == ["sow", "reap"]


def test_variables_of_the_environment_do_not_count(field: Path) -> None:
    edit(field / "Makefile", "flags := DRY\n", "")
    edit(field / "Makefile", f"python := {sys.executable} -S\n", "")
    names = ("stages", "flags", "others", "ready", "before")
    environment = ENVIRONMENT | dict.fromkeys(names, "sow") | {"python": "false"}
    done = subprocess.run(["make", "sow=1"], cwd=field, env=environment, capture_output=True, text=True)
    assert (done.returncode, "Unknown variable sow" in done.stderr) == (2, True)
    done = subprocess.run(["make", "-n", "SEEDS=1"], cwd=field, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "python3 -m pipeline.engine.start stages.sow --seeds='1'"


def test_every_name_that_the_rules_define_is_in_the_reference(field: Path) -> None:
    database = make(field, "--print-data-base", "--dry-run").stdout
    names = set(re.findall(r"(?m)^# makefile \(from '\S*rules\.mk', line \d+\)\n(?:define )?(\w+)", database))
    page = (ROOT / "docs/reference/rules.md").read_text()
    names.discard("MAKEFILE_LIST")  # of make
    assert "quoted" in names
    assert {name for name in names if f"`{name}`" not in page and f"$(call {name}," not in page} == set()
