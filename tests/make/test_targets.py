import shutil
import sys
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, copy, digests, list_stages, make, outcome, stages_run, worked

pytestmark = pytest.mark.slow


def test_train_on_sample_works_offline(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    assert stages_run(make(project, "train", *SAMPLE, network=False))[-1] == "train"


def test_old_make_is_refused(fresh: Path) -> None:
    result = make(fresh, "train", "MAKE_VERSION=4.1")
    assert result.returncode == 2
    assert "GNU Make 4.2 or newer is required, but this is 4.1" in result.stderr
    assert result.stderr.count("\n") == 1


def test_old_python_is_refused(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    shutil.rmtree(project / ".venv")
    old = tmp_path / "old-python"
    old.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'import sys; sys.version_info = (3, 10); '\"$2\"\n")
    old.chmod(0o755)
    result = make(project, "train", f"PYTHON={old}")
    assert result.returncode != 0
    assert f"Python 3.11 or newer is required, but {old} is older or missing" in result.stdout + result.stderr
    assert not (project / ".venv").exists()


def test_input_replaced_by_another_command_is_refused(project: Path) -> None:
    other = "train.after = @.venv/bin/python -m stages.train --recipe quick --epochs 1"
    result = make(project, f"--eval={other}", "evaluate", *SAMPLE, "EPOCHS=2")
    assert (result.returncode, "artifacts/train has been replaced" in result.stderr) == (2, True)
    assert "test accuracy" not in result.stdout
    assert worked(make(project, "evaluate", *SAMPLE, "EPOCHS=2")) == ["evaluate"]


def test_result_with_the_name_of_the_site_is_neither_removed_nor_overwritten(project: Path) -> None:
    name = project / "artifacts/site"
    name.symlink_to((project / "artifacts/train").readlink())
    assert make(project, "clean").returncode == 0
    assert (name / "manifest.json").exists()
    result = make(project, "docs")
    assert (result.returncode, "artifacts/site is a link to a result" in result.stderr) == (2, True)
    assert (name / "manifest.json").exists()


def test_clean_keeps_the_store_and_distclean_needs_confirmation(project: Path) -> None:
    before = digests(project)
    assert make(project, "clean").returncode == 0
    assert not list(project.glob("artifacts/[!.]*"))
    assert outcome(make(project, "train", *SAMPLE)) == dict.fromkeys(list_stages()[:4], "restored")
    assert digests(project) == {name: before[name] for name in digests(project)}
    refused = make(project, "distclean")
    assert (refused.returncode, "YES=1" in refused.stderr) == (2, True)
    assert list(project.glob("artifacts/.store/train-*"))
    assert make(project, "distclean", "YES=1").returncode == 0
    assert not (project / "artifacts").exists()
    assert make(project, "distclean").returncode == 0
