"""Only stages whose content changed rerun, whatever the file times."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.make.common import (
    SAMPLE,
    STAGES,
    assert_quiet,
    clean_environment,
    digests,
    edit,
    make,
    outcome,
    stage,
    worked,
)
from tests.make.common import manifest as manifest_of

SOURCES = ("stages/*.py", "pipeline/*/*.py", "pyproject.toml", "requirements*.txt", "Makefile")


def sources(project: Path) -> list[Path]:
    return [path for pattern in SOURCES for path in project.glob(pattern)]


def test_unchanged_stages_do_not_run(project: Path) -> None:
    result = make(project, "train", *SAMPLE)
    assert outcome(result) == {}
    assert make(project, "-q", "train", *SAMPLE).returncode == 0


def test_touched_sources_start_no_stage(project: Path) -> None:
    before = digests(project)
    for path in sources(project):
        path.touch()
    result = make(project, "all", *SAMPLE)
    assert outcome(result) == {}
    assert digests(project) == before
    assert_quiet(project)


def test_touched_artifacts_rerun_no_stage(project: Path) -> None:
    for path in (project / "artifacts").glob("*/*"):
        path.touch()
    assert worked(make(project, "all", *SAMPLE)) == []
    assert_quiet(project)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_checkout_and_back_reruns_no_stage(project: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    (project / ".gitignore").write_text("/artifacts/\n/.venv/\n__pycache__/\n")
    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "one")
    edit(project / "pipeline/network/architecture.py", "MICRO_BATCH_IMAGES = 512", "MICRO_BATCH_IMAGES = 511")
    (project / "pipeline/data/scaling.py").write_text("")
    git("commit", "-a", "-m", "two")
    git("checkout", "HEAD~1")
    assert worked(make(project, "all", *SAMPLE)) == []
    assert_quiet(project)


def test_comments_docstrings_and_layout_rerun_no_stage(project: Path) -> None:
    before = digests(project)
    for path in [*project.glob("stages/*.py"), *project.glob("pipeline/*/*.py")]:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r'^( *""")(.*?)(\.?""")$', r"\1Truly: \2\n\3", text, flags=re.DOTALL | re.MULTILINE)
        text = text.replace("(\n", "(  # a bracket\n\n").replace("        ", "          ")
        path.write_text(f"# A comment\n\n\n{text}\n\n# and another", encoding="utf-8")
    assert outcome(make(project, "all", *SAMPLE)) == {}
    assert digests(project) == before
    assert_quiet(project)


REAL_EDITS = {
    # imported by train through another module
    "pipeline/network/optimizers.py": (
        "beta2: float = 0.999",
        "beta2: float = 0.99",
        ["train", "evaluate", "export", "report"],
    ),
    # imported by train and report inside a function
    "pipeline/training/history.py": ('"epoch", "loss"', '"epoch", "cost"', ["train", "report"]),
    # shared by download and parse; the arrays do not change
    "pipeline/data/idx.py": ("CHUNK = ", "CHUNK = 2 * ", ["download", "parse"]),
    # not imported by train
    "pipeline/evaluation/metrics.py": ("BINS = 15", "BINS = 16", ["evaluate", "export", "report"]),
    "pipeline/model/onnx.py": ('PRODUCER = "', 'PRODUCER = "my ', ["export"]),
    # the module of the stage
    "stages/normalize.py": ("mean {scaling.mean:.4f}", "mean {scaling.mean:.5f}", ["normalize"]),
    # not a module
    "pipeline/pages/templates/report.css": ("/* Styles of the report. */", "/* Styles. */", ["report"]),
    "pipeline/pages/templates/network.js": ('"use strict";', '"use strict"; // always', ["export"]),
    # a recipe that is not trained: the model card and the report compare with all recipes
    "pipeline/training/recipes.py": ("learning_rate=1.0", "learning_rate=1.5", ["export", "report"]),
    # messages of the commands and the engine affect no result; the report reads the store
    "stages/cli/console.py": ("Existing results are unchanged", "Results are unchanged", []),
    "stages/cli/app.py": ("Show the version and exit.", "Show it.", []),
    "pipeline/engine/stage.py": ("nothing relevant has changed", "unchanged", []),
    "pipeline/engine/store.py": ("KEY_LENGTH = 16", "KEY_LENGTH = 16 + 0", ["report"]),
}


@pytest.mark.parametrize("source", REAL_EDITS)
def test_code_edit_reruns_importing_and_later_stages(source: str, project: Path) -> None:
    old, new, again = REAL_EDITS[source]
    edit(project / source, old, new)
    result = make(project, "all", *SAMPLE)
    assert worked(result) == again
    if again:
        assert f"{again[0]}: code {source}: changed\n" in result.stderr
    assert_quiet(project)


def test_edit_with_same_size_and_mtime_is_detected(project: Path) -> None:
    before = digests(project)
    source = project / "pipeline/network/optimizers.py"
    compile_all = [str(project / ".venv/bin/python"), "-m", "compileall", "-q", "pipeline", "stages"]
    subprocess.run(compile_all, cwd=project, env=clean_environment(), check=True)
    times = source.stat()
    edit(source, "beta2: float = 0.999", "beta2: float = 0.900")
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert worked(make(project, "train", *SAMPLE)) == ["train"]
    assert digests(project)["train/layer-1-weights.npy"] != before["train/layer-1-weights.npy"]


def test_edits_of_modules_in_unusual_locations_are_detected(project: Path) -> None:
    (project / "pipeline/network/kernels").mkdir()
    (project / "pipeline/network/kernels/scale.py").write_text("SCALE = 1\n")
    (project / "helper.py").write_text("from stages.other import ONE\n")
    (project / "stages/other.py").write_text("ONE = 1\n")
    history = project / "pipeline/training/history.py"
    edit(history, "import math\n", "import math\nimport pipeline.network.kernels.scale\n")
    edit(project / "pipeline/model/metadata.py", "import json\n", "import json\nfrom helper import ONE\n")
    edit(project / "stages/train.py", "import logging\n", "import logging\nfrom pipeline.evaluation import metrics\n")
    assert worked(make(project, "all", *SAMPLE)) == ["train", "export", "report"]
    assert_quiet(project)
    for file, again in {
        "pipeline/network/kernels/scale.py": ["train", "report"],
        "stages/other.py": ["export", "report"],
        "helper.py": ["export", "report"],
        "pipeline/evaluation/metrics.py": ["train", "evaluate", "export", "report"],
        "pipeline/network/__init__.py": ["train", "evaluate", "export", "report"],
        "pipeline/__init__.py": list(STAGES),
    }.items():
        with open(project / file, "a") as module:
            module.write("\nx = 1\n")
        assert worked(make(project, "all", *SAMPLE)) == again, file
        assert_quiet(project)
    (project / "pipeline/network/schedules").mkdir()
    shutil.copy(project / "pipeline/network/schedules.py", project / "pipeline/network/schedules/__init__.py")
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["train", "report"]
    assert "code pipeline/network/schedules.py: gone" in result.stderr


def test_unchanged_output_skips_later_stages(project: Path) -> None:
    edit(project / "stages/parse.py", "save_description(output,", "save_description(0 or output,")
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["parse"]
    assert "up to date: parse rerun with the same output -> artifacts/normalize" in result.stdout
    assert_quiet(project)


def test_retraining_to_same_bits_does_not_rerun_evaluate(project: Path) -> None:
    assert stage(project, "train", "--recipe", "quick", "--force").returncode == 0
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["report"]  # it includes the date and duration


def other_version(project: Path, package: str, version: str) -> None:
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


def test_other_numpy_version_reruns_stages_that_use_it(project: Path) -> None:
    before = manifest_of(project, "train")["environment"]["numpy"]
    other_version(project, "numpy", "2.99.0")
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["parse", "normalize", "train", "evaluate", "export", "report"]
    assert f"train: environment numpy: {before} -> 2.99.0\n" in result.stderr
    assert_quiet(project)


def test_other_onnx_version_reruns_only_export(project: Path) -> None:
    other_version(project, "onnx", "1.99.0")
    assert worked(make(project, "all", *SAMPLE)) == ["export"]
