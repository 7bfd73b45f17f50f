"""Only what changed runs again, by content and not by time: the real make and real edits."""

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


def test_what_was_built_is_not_built_again(project: Path) -> None:
    result = make(project, "train", *SAMPLE)
    assert outcome(result) == {}
    assert make(project, "-q", "train", *SAMPLE).returncode == 0


def test_a_touch_starts_no_stage(project: Path) -> None:
    before = digests(project)
    for path in sources(project):
        path.touch()
    result = make(project, "all", *SAMPLE)
    assert outcome(result) == {}
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
    edit(project / "pipeline/training/architecture.py", "PART_IMAGES = 512", "PART_IMAGES = 511")
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
    assert outcome(make(project, "all", *SAMPLE)) == {}
    assert digests(project) == before
    assert_quiet(project)


REAL_EDITS = {
    # a module that train imports through another one
    "pipeline/network/optimizers.py": (
        "beta2: float = 0.999",
        "beta2: float = 0.99",
        ["train", "evaluate", "export", "report"],
    ),
    # a module that train imports inside its body, and report as well
    "pipeline/training/history.py": ('"epoch", "loss"', '"epoch", "loss"', ["train", "report"]),
    # one that download and parse share: the arrays come out as they were
    "pipeline/data/idx.py": ("CHUNK = ", "CHUNK = 2 * ", ["download", "parse"]),
    # others that export alone, and report alone, do not stand on
    "pipeline/evaluation/metrics.py": ("BINS = 15", "BINS = 16", ["evaluate", "export", "report"]),
    "pipeline/model/onnx.py": ('PRODUCER = "', 'PRODUCER = "my ', ["export"]),
    # the stage's own module
    "stages/normalize.py": ("mean {scaling.mean:.4f}", "mean {scaling.mean:.5f}", ["normalize"]),
    # what is no module
    "pipeline/pages/templates/report.css": ("/* The report alone. */", "/* The report. */", ["report"]),
    "pipeline/pages/templates/network.js": ('"use strict";', '"use strict"; // always', ["export"]),
    # a recipe, when another one is trained: the card and the report know them all, to tell what was changed
    "pipeline/training/recipes.py": ("learning_rate=1.0", "learning_rate=1.5", ["export", "report"]),
    # how commands speak, and how stages are run; the report looks for runs where these are kept
    "stages/cli/console.py": ("What was there before is as it was", "Nothing was lost", []),
    "stages/cli/app.py": ("Show the version and exit.", "Show it.", []),
    "pipeline/engine/stage.py": ("nothing that counts has changed", "all is as it was", []),
    "pipeline/engine/store.py": ("KEY_LENGTH = 16", "KEY_LENGTH = 16 + 0", ["report"]),
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
    history = project / "pipeline/training/history.py"
    edit(history, "import math\n", "import math\nimport pipeline.network.kernels.scale\n")
    edit(project / "pipeline/model/metadata.py", "import json\n", "import json\nfrom helper import ONE\n")
    edit(project / "stages/train.py", "import logging\n", "import logging\nfrom pipeline.evaluation import metrics\n")
    assert worked(make(project, "all", *SAMPLE)) == ["train", "export", "report"]
    assert_quiet(project)
    for file, again in {
        "pipeline/network/kernels/scale.py": ["train", "report"],
        "stages/other.py": ["export"],
        "helper.py": ["export"],
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


def test_an_upstream_stage_that_makes_the_same_lets_the_others_be(project: Path) -> None:
    edit(project / "stages/parse.py", "save_description(output,", "save_description(0 or output,")
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["parse"]
    assert "up to date: parse made again, with the same content -> artifacts/normalize" in result.stdout
    assert_quiet(project)


def test_a_model_trained_again_to_the_same_bits_is_not_evaluated_again(project: Path) -> None:
    assert stage(project, "train", "--recipe", "quick", "--force").returncode == 0
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["report"]  # which tells when, and how long it took


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
    assert worked(result) == ["parse", "normalize", "train", "evaluate", "export", "report"]
    assert f"train: environment numpy: {before} -> 2.99.0\n" in result.stderr
    assert_quiet(project)


def test_another_onnx_makes_the_export_stale_and_nothing_else(project: Path) -> None:
    other_version(project, "onnx", "1.99.0")
    assert worked(make(project, "all", *SAMPLE)) == ["export"]
