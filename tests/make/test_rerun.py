"""Only what changed runs again, by content and not by time: the real make and real edits."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, clean_environment, copy, digests, edit, make, outcome, stage, worked
from tests.make.common import manifest as manifest_of

ALL_FRESH = dict.fromkeys(STAGES, "up to date")
SOURCES = ("stages/*.py", "pipeline/*/*.py", "pyproject.toml", "requirements*.lock", "Makefile")


def sources(project: Path) -> list[Path]:
    return [path for pattern in SOURCES for path in project.glob(pattern)]


def assert_quiet(project: Path, *arguments: str) -> None:
    """Nothing is left to do."""
    assert make(project, "-q", "all", *SAMPLE, *arguments).returncode == 0


def test_what_was_built_is_not_built_again(project: Path) -> None:
    result = make(project, "train", *SAMPLE)
    assert outcome(result) == {}
    assert make(project, "-q", "train", *SAMPLE).returncode == 0


def test_a_touch_makes_no_stage_work_and_all_say_why(project: Path) -> None:
    before = digests(project)
    for path in sources(project):
        path.touch()
    result = make(project, "all", *SAMPLE)
    assert outcome(result) == ALL_FRESH
    assert result.stdout.count("up to date: nothing that counts has changed -> artifacts/") == 6
    assert digests(project) == before
    assert_quiet(project)


def test_touching_the_results_makes_no_stage_work(project: Path) -> None:
    for path in (project / "artifacts").glob("*/*"):
        path.touch()
    assert worked(make(project, "all", *SAMPLE)) == []
    assert_quiet(project)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_another_commit_and_back_makes_no_stage_work(project: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    (project / ".gitignore").write_text("/artifacts/\n/.venv/\n__pycache__/\n")
    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "one")
    edit(project / "pipeline/network/training.py", "CHUNK = 1000", "CHUNK = 999")
    (project / "pipeline/data/scaling.py").write_text("")
    git("commit", "-a", "-m", "two")
    git("checkout", "HEAD~1")
    assert worked(make(project, "all", *SAMPLE)) == []
    assert_quiet(project)


def test_an_edit_of_comments_docstrings_or_layout_makes_no_stage_work(project: Path) -> None:
    before = digests(project)
    for path in [*project.glob("stages/*.py"), *project.glob("pipeline/*/*.py")]:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r'^( *""")(.*?)(\.?""")$', r"\1Truly: \2\n\3", text, flags=re.DOTALL | re.MULTILINE)
        text = text.replace("(\n", "(  # a bracket\n\n").replace("        ", "          ")
        path.write_text(f"# A comment\n\n\n{text}\n\n# and another", encoding="utf-8")
    assert outcome(make(project, "all", *SAMPLE)) == ALL_FRESH
    assert digests(project) == before
    assert_quiet(project)


REAL_EDITS = {
    # a module that train imports through another one
    "pipeline/network/optimizers.py": ("beta2: float = 0.999", "beta2: float = 0.99", ["train", "evaluate", "export"]),
    # a module that train imports inside its body
    "pipeline/network/history.py": ('"epoch", "cost"', '"epoch", "loss"', ["train"]),
    # one that download and parse share: the arrays come out as they were
    "pipeline/data/idx.py": ("CHUNK = ", "CHUNK = 2 * ", ["download", "parse"]),
    # two others that evaluate alone, and export alone, stand on
    "pipeline/evaluation/metrics.py": ("BINS = 15", "BINS = 16", ["evaluate", "export"]),
    "pipeline/export/onnx.py": ('producer_name="', 'producer_name="my ', ["export"]),
    # the stage's own module
    "stages/normalize.py": ("mean {scaling.mean:.4f}", "mean {scaling.mean:.5f}", ["normalize"]),
    # a recipe, when another one is trained
    "pipeline/network/recipes.py": ("learning_rate=1.0", "learning_rate=1.5", []),
    # how commands speak, and how stages are run
    "stages/console.py": ("What was there before is as it was", "Nothing was lost", []),
    "pipeline/engine/store.py": ("KEY_LENGTH = 16", "KEY_LENGTH = 16 + 0", []),
}


@pytest.mark.parametrize("source", REAL_EDITS)
def test_a_real_edit_runs_the_stages_that_import_it_and_what_follows(source: str, project: Path) -> None:
    old, new, again = REAL_EDITS[source]
    edit(project / source, old, new)
    result = make(project, "all", *SAMPLE)
    assert worked(result) == again
    if again:
        assert f"{again[0]}: code {source}: changed\n" in result.stderr
    assert_quiet(project)


def test_a_file_of_the_same_size_and_time_is_noticed_and_is_what_runs(project: Path) -> None:
    before = digests(project)
    source = project / "pipeline/network/optimizers.py"
    compile_all = [str(project / ".venv/bin/python"), "-m", "compileall", "-q", "pipeline", "stages"]
    subprocess.run(compile_all, cwd=project, env=clean_environment(), check=True)
    times = source.stat()
    edit(source, "beta2: float = 0.999", "beta2: float = 0.900")
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert worked(make(project, "train", *SAMPLE)) == ["train"]
    assert digests(project)["train/layer-1-weights.npy"] != before["train/layer-1-weights.npy"]


def test_modules_in_unusual_places_are_noticed(project: Path) -> None:
    (project / "pipeline/network/kernels").mkdir()
    (project / "pipeline/network/kernels/scale.py").write_text("SCALE = 1\n")
    (project / "helper.py").write_text("from stages.other import ONE\n")
    (project / "stages/other.py").write_text("ONE = 1\n")
    edit(project / "pipeline/network/history.py", "import csv\n", "import csv\nimport pipeline.network.kernels.scale\n")
    edit(project / "pipeline/export/metadata.py", "import json\n", "import json\nfrom helper import ONE\n")
    edit(project / "stages/train.py", "import logging\n", "import logging\nfrom pipeline.evaluation import metrics\n")
    assert worked(make(project, "all", *SAMPLE)) == ["train", "export"]
    assert_quiet(project)
    for file, again in {
        "pipeline/network/kernels/scale.py": ["train"],
        "stages/other.py": ["export"],
        "helper.py": ["export"],
        "pipeline/evaluation/metrics.py": ["train", "evaluate"],
        "pipeline/network/__init__.py": ["train", "evaluate", "export"],
        "pipeline/__init__.py": list(STAGES),
    }.items():
        with open(project / file, "a") as module:
            module.write("\nx = 1\n")
        assert worked(make(project, "all", *SAMPLE)) == again, file
        assert_quiet(project)
    (project / "pipeline/network/schedules").mkdir()
    shutil.copy(project / "pipeline/network/schedules.py", project / "pipeline/network/schedules/__init__.py")
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["train"]
    assert "code pipeline/network/schedules.py: gone" in result.stderr


def test_a_changed_default_runs_its_stage_which_names_it(project: Path) -> None:
    assert outcome(make(project, "normalize", *SAMPLE)) == {}
    edit(project / "stages/normalize.py", "] = 1 / 12,", "] = 0.25,")
    result = make(project, "normalize", *SAMPLE)
    assert worked(result) == ["normalize"]
    assert result.stderr == "normalize: parameter validation: 0.08333333333333333 -> 0.25\n"


def test_a_changed_value_of_a_recipe_runs_train_which_names_it(project: Path) -> None:
    edit(project / "pipeline/network/recipes.py", "learning_rate=0.002, epochs=5", "learning_rate=0.002, epochs=4")
    result = make(project, "train", *SAMPLE)
    assert worked(result) == ["train"]
    assert result.stderr.startswith("train: parameter epochs: 5 -> 4\n")


def test_an_added_and_a_removed_parameter_are_named(project: Path) -> None:
    module = project / "stages/parse.py"
    edit(module, "    output: Annotated", "    limit: int = 7,\n    output: Annotated")
    result = make(project, "parse", *SAMPLE)
    assert worked(result) == ["parse"]
    assert result.stderr == "parse: parameter limit: new, 7\n"
    edit(module, "    limit: int = 7,\n", "")
    assert outcome(make(project, "parse", *SAMPLE)) == {"parse": "restored"}
    edit(module, "    output: Annotated", "    other: int = 8,\n    output: Annotated")
    make(project, "parse", *SAMPLE)
    edit(module, "    other: int = 8,\n", "    one: int = 9,\n")
    result = make(project, "parse", *SAMPLE)
    assert worked(result) == ["parse"]
    assert result.stderr == "parse: parameter one: new, 9; parameter other: gone, was 8\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["LEARNING_RATE=0.1", "EPOCHS=2"], ["EPOCHS=2", "LEARNING_RATE=0.10"]),
        (["LEARNING_RATE=1e-3"], ["LEARNING_RATE=.001"]),
        (["SIZES=12,11"], ["SIZES= 12, 11"]),
        (["EPOCHS=5"], []),  # which is what the recipe says
    ],
)
def test_spelling_alone_is_no_change(first: list[str], second: list[str], project: Path) -> None:
    make(project, "train", *SAMPLE, *first)
    assert worked(make(project, "train", *SAMPLE, *second)) == []


def test_the_order_of_parameters_in_the_code_is_no_change(project: Path) -> None:
    module = project / "stages/train.py"
    line = '    seed: Annotated[int | None, own("Of every random draw.")] = None,\n'
    edit(module, line, "")
    edit(module, "    recipe: Annotated", f"{line}    recipe: Annotated")
    edit(module, "Passes over the training images.", "Passes over all training images.")
    assert outcome(make(project, "train", *SAMPLE)) == {"train": "up to date"}


def test_an_earlier_result_is_restored_in_a_moment(project: Path) -> None:
    make(project, "train", *SAMPLE, "EPOCHS=3")
    three = {path.name: path.read_bytes() for path in (project / "artifacts/train/").iterdir()}
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=4")) == ["train"]
    started = time.monotonic()
    result = make(project, "train", *SAMPLE, "EPOCHS=3")
    seconds = time.monotonic() - started
    assert outcome(result) == {"train": "restored"}
    assert {path.name: path.read_bytes() for path in (project / "artifacts/train/").iterdir()} == three
    assert make(project, "-q", "train", *SAMPLE, "EPOCHS=3").returncode == 0
    assert seconds < 10  # a hang; how fast it is, tests/benchmarks/ says


def test_another_data_set_and_back_is_restored(project: Path, tmp_path: Path) -> None:
    before = digests(project)
    other = tmp_path / "other"
    shutil.copytree(project / "pipeline/data/sample", other)
    (other / "class-names.txt").write_text("\n".join("abcdefghij"))
    custom = ("DATASET=custom", f"FROM={other}", "RECIPE=quick")
    assert worked(make(project, "all", *custom)) == list(STAGES)
    assert outcome(make(project, "all", *SAMPLE)) == dict.fromkeys(STAGES, "restored")
    assert digests(project) == before
    assert_quiet(project)
    assert outcome(make(project, "all", *custom)) == dict.fromkeys(STAGES, "restored")


def test_a_change_in_the_folder_of_ones_own_data_is_noticed(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "it's mine"
    shutil.copytree(project / "pipeline/data/sample", other)
    custom = ("DATASET=custom", f"FROM={other}", "RECIPE=quick")
    assert worked(make(project, "train", *custom)) == ["download", "parse", "normalize", "train"]
    assert outcome(make(project, "train", *custom)) == {}
    names = other / "class-names.txt"
    names.write_text("\n".join("abcdefghij"))
    assert worked(make(project, "train", *custom)) == ["download", "parse", "normalize", "train"]
    names.touch()
    assert worked(make(project, "train", *custom)) == []
    assert make(project, "-q", "train", *custom).returncode == 0
    times = names.stat()
    names.write_text("\n".join("abcdefghik"))
    os.utime(names, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert worked(make(project, "train", *custom)) == ["download", "parse", "normalize", "train"]


@pytest.mark.parametrize(
    "declared",
    [
        '[tool.handwriting.download]\ndataset = "custom"\nfrom = "my data"\n',
        '[tool.handwriting]\ndownload = {dataset = "custom", from = "my data"}\n',
    ],
)
def test_a_change_in_a_folder_that_pyproject_declares_is_noticed(declared: str, project: Path) -> None:
    shutil.copytree(project / "pipeline/data/sample", project / "my data")
    with open(project / "pyproject.toml", "a") as file:
        file.write(f"\n{declared}")
    assert worked(make(project, "parse")) == ["download", "parse"]
    assert worked(make(project, "parse")) == []
    (project / "my data" / "class-names.txt").write_text("\n".join("abcdefghij"))
    assert worked(make(project, "parse")) == ["download", "parse"]


def test_an_upstream_stage_that_makes_the_same_lets_the_others_be(project: Path) -> None:
    edit(project / "stages/parse.py", "save_description(output,", "save_description(0 or output,")
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["parse"]
    assert "up to date: parse made again, with the same content -> artifacts/normalize" in result.stdout
    assert_quiet(project)


def test_a_model_trained_again_to_the_same_bits_is_not_evaluated_again(project: Path) -> None:
    assert stage(project, "train", "--recipe", "quick", "--force").returncode == 0
    result = make(project, "all", *SAMPLE)
    assert worked(result) == []
    assert "up to date: train made again, with the same content -> artifacts/evaluate" in result.stdout


def test_a_retrain_that_fails_leaves_the_model_and_stays_to_be_done(project: Path) -> None:
    before = digests(project)
    edit(project / "pipeline/network/training.py", "recipe.epochs + 1):", "recipe.epochs + 1):\n        1 / 0")
    for _ in range(2):
        assert make(project, "-q", "all", *SAMPLE).returncode == 1
        result = make(project, "all", *SAMPLE)
        assert result.returncode != 0
        assert "Traceback" in result.stderr  # a bug of ours would show itself
        assert digests(project) == before
    edit(project / "pipeline/network/training.py", "        1 / 0", "        pass")
    assert worked(make(project, "all", *SAMPLE)) == ["train"]


@pytest.mark.parametrize("value", ["LEARNING_RATE=nan", "LEARNING_RATE=1e30"])
def test_a_retrain_that_cannot_be_leaves_the_model_and_stays_to_be_done(value: str, project: Path) -> None:
    before = digests(project)
    for _ in range(2):
        result = make(project, "train", *SAMPLE, value, "OPTIMIZER=sgd")
        assert result.returncode != 0
        assert "learning rate" in result.stderr.splitlines()[-2]
        assert digests(project) == before
    assert worked(make(project, "train", *SAMPLE)) == []
    assert_quiet(project)


def test_code_edited_while_train_runs_is_noticed(project: Path) -> None:
    arguments = ["train", *SAMPLE, "EPOCHS=60"]
    make(project, *arguments)
    before = digests(project)
    assert "up to date" not in stage(project, "train", "--recipe", "quick").stdout
    source = project / "pipeline/network/optimizers.py"
    command = [
        str(project / ".venv/bin/python"),
        "-m",
        "stages.train",
        "--recipe",
        "quick",
        "--epochs",
        "60",
        "--force",
    ]
    options = {"cwd": project, "env": clean_environment(), "text": True}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options) as running:  # type: ignore[call-overload]
        for line in running.stderr:
            if "epoch 3 " in line:
                break
        edit(source, "beta2: float = 0.999", "beta2: float = 0.900")
        running.stderr.read()
    assert running.returncode == 0
    assert digests(project) == before  # what ran was what had been loaded
    assert make(project, "-q", *arguments).returncode == 1
    assert worked(make(project, *arguments)) == ["train"]
    assert digests(project) != before
    edit(source, "beta2: float = 0.900", "beta2: float = 0.999")
    assert outcome(make(project, *arguments)) == {"train": "restored"}
    assert digests(project) == before


def test_code_edited_while_make_runs_is_noticed(project: Path) -> None:
    command = ["make", "train", *SAMPLE, "EPOCHS=60"]
    options = {"cwd": project, "env": clean_environment(), "text": True}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options) as running:  # type: ignore[call-overload]
        for line in running.stderr:
            if "epoch 3 " in line:
                break
        edit(project / "pipeline/network/optimizers.py", "beta2: float = 0.999", "beta2: float = 0.900")
        running.stderr.read()
    assert running.returncode == 0
    assert make(project, "-q", "train", *SAMPLE, "EPOCHS=60").returncode == 1
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=60")) == ["train"]
    assert make(project, "-q", "train", *SAMPLE, "EPOCHS=60").returncode == 0


def test_an_input_that_is_published_while_the_stage_runs_is_noticed(project: Path) -> None:
    command = ["make", "train", *SAMPLE, "EPOCHS=60"]
    options = {"cwd": project, "env": clean_environment(), "text": True}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options) as running:  # type: ignore[call-overload]
        for line in running.stderr:
            if "epoch 2 " in line:
                break
        assert worked(make(project, "normalize", *SAMPLE, "VALIDATION=100")) == ["normalize"]
        running.stderr.read()
    assert running.returncode == 0
    assert worked(make(project, "train", *SAMPLE, "VALIDATION=100", "EPOCHS=60")) == ["train"]


def test_code_edited_before_its_stage_starts_and_restored_after_is_noticed(project: Path) -> None:
    before = digests(project)
    source = project / "stages/train.py"
    command = ["make", "train", *SAMPLE, "VALIDATION=166"]  # so that normalize runs first
    options = {"cwd": project, "env": clean_environment(), "text": True}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options) as running:  # type: ignore[call-overload]
        for line in running.stdout:
            if "-m stages.normalize" in line:
                edit(source, '"epoch": kept.number,', '"epoch": kept.number + 1000,')
            if "-m stages.train" in line:
                time.sleep(0.5)
                edit(source, '"epoch": kept.number + 1000,', '"epoch": kept.number,')
    assert running.returncode == 0
    make(project, *command[1:])
    assert json.loads((project / "artifacts/train/model.json").read_text())["training"]["epoch"] < 1000
    make(project, "train", *SAMPLE)
    assert digests(project) == before


def test_two_jobs_make_what_one_makes(fresh: Path, made: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    assert set(worked(make(project, "-j2", "all", *SAMPLE))) == set(STAGES)
    assert digests(project) == digests(made)


def test_a_stage_run_by_hand_is_not_repeated(fresh: Path, project: Path, tmp_path: Path) -> None:
    assert "up to date" in stage(project, "train", "--recipe", "quick").stdout
    assert outcome(make(project, "train", *SAMPLE)) == {}
    by_hand = copy(fresh, tmp_path / "copy")
    for name in STAGES:
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert stage(by_hand, name, *options).returncode == 0
    assert worked(make(by_hand, "all", *SAMPLE)) == []


def test_a_run_by_hand_that_waits_for_makes_does_not_stand_for_it(project: Path) -> None:
    make(project, "train", *SAMPLE, "EPOCHS=2")
    command = ["make", "train", *SAMPLE, "EPOCHS=60"]
    options = {"cwd": project, "env": clean_environment(), "text": True}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options) as running:  # type: ignore[call-overload]
        for line in running.stderr:
            if "epoch 2 " in line:
                break
        assert stage(project, "train", "--recipe", "quick").stdout.startswith("restored")
        running.stderr.read()
    make(project, *command[1:])
    assert manifest_of(project, "train")["parameters"]["epochs"] == 60  # type: ignore[comparison-overlap]


def test_a_stage_run_by_hand_with_other_parameters_does_not_stand_for_the_declared_one(project: Path) -> None:
    before = digests(project)
    assert stage(project, "train", "--recipe", "quick", "--epochs", "2").returncode == 0
    assert digests(project) != before
    assert outcome(make(project, "train", *SAMPLE)) == {"train": "restored"}
    assert digests(project) == before


def other_version(project: Path, package: str, version: str) -> None:
    """Give the project's .venv another version of a package, as far as its name and its metadata go."""
    venv = project / ".venv"
    (real,) = (venv / "lib").resolve().glob("python3*/site-packages")
    (venv / "lib").unlink()
    packages = venv / "lib" / real.parent.name / "site-packages"
    packages.mkdir(parents=True)
    for path in real.iterdir():
        if path.name.startswith(f"{package}-") and path.suffix == ".dist-info":
            shutil.copytree(path, packages / f"{package}-{version}.dist-info")
        else:
            (packages / path.name).symlink_to(path)
    edit(
        packages / f"{package}-{version}.dist-info" / "METADATA",
        f"\nVersion: {manifest_of(project, 'export')['environment'][package]}\n",
        f"\nVersion: {version}\n",
    )


def test_another_numpy_makes_what_it_computes_stale(project: Path) -> None:
    before = manifest_of(project, "train")["environment"]["numpy"]
    other_version(project, "numpy", "2.99.0")
    result = make(project, "all", *SAMPLE)
    assert outcome(result)["download"] == "up to date"
    assert worked(result) == ["parse", "normalize", "train", "evaluate", "export"]
    assert f"train: environment numpy: {before} -> 2.99.0\n" in result.stderr
    assert_quiet(project)


def test_another_onnx_makes_the_export_stale_and_nothing_else(project: Path) -> None:
    other_version(project, "onnx", "1.99.0")
    assert worked(make(project, "all", *SAMPLE)) == ["export"]


@pytest.mark.parametrize("variable", ["SCHEDULER=sync", "SCHEDULER=processes", "WORKERS=1", "BLOCK_SIZE=7"])
def test_where_the_work_is_done_is_no_reason_to_do_it_again(variable: str, project: Path) -> None:
    assert outcome(make(project, "all", *SAMPLE, variable)) == {}
    name, value = variable.lower().replace("_", "-").split("=")
    assert "up to date" in stage(project, "evaluate", f"--{name}", value).stdout


def test_make_knows_the_inputs_that_the_stages_read(project: Path) -> None:
    """What the Makefile declares and what the manifests record cannot drift apart."""
    rules = subprocess.run(
        ["make", "-pq", "all", *SAMPLE], cwd=project, env=clean_environment(), capture_output=True, text=True
    ).stdout
    declared = {}
    for line in rules.splitlines():
        target, colon, needed = line.partition("/manifest.json: ")
        if colon and target.startswith("artifacts/"):
            files = needed.partition("|")[0].split()
            stages = {file.split("/")[1] for file in files if file.endswith("/manifest.json")}
            declared[target.removeprefix("artifacts/")] = stages
    assert declared == {name: manifest_of(project, name)["inputs"].keys() for name in STAGES}


@pytest.mark.parametrize("name", STAGES)
def test_make_knows_the_modules_that_the_stages_stand_on(name: str, project: Path) -> None:
    known = set(make(project, f"--eval=sources: ; @echo $({name}.sources)", "sources").stdout.split())
    recorded = manifest_of(project, name)["code"].keys()
    assert known >= recorded, f"{name} stands on {recorded - known}, which make does not know"


def test_every_package_that_decides_is_one_that_make_looks_at(project: Path) -> None:
    packages = {package for name in STAGES for package in manifest_of(project, name)["environment"]} - {"python"}
    line = next(line for line in (project / "Makefile").read_text().splitlines() if line.startswith("packages :="))
    assert packages == set(line.partition("foreach p,")[2].partition(",")[0].split())
