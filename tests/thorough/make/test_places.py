"""Other, read-only and full disks, moved and copied folders, wrong clocks."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, copy, digests, make, outcome, stage, worked

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")


@contextmanager
def disk(at: Path, options: str) -> Iterator[None]:
    at.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(at)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a disk is not permitted")
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


@only_root
def test_store_on_another_file_system(fresh: Path, made: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    with disk(tmp_path / "big disk", "size=200m"):
        (tmp_path / "big disk" / "results").mkdir()
        (project / "artifacts").mkdir()
        (project / "artifacts/.store").symlink_to(tmp_path / "big disk" / "results")
        assert worked(make(project, "all", *SAMPLE)) == list(STAGES)
        assert digests(project) == digests(made)
        assert make(project, "-q", "all", *SAMPLE).returncode == 0
        assert worked(make(project, "train", *SAMPLE, "EPOCHS=1")) == ["train"]
        assert outcome(make(project, "train", *SAMPLE)) == {"train": "restored"}
        assert "freed " in stage(project, "prune", "--keep", "1").stdout
        assert len(list((tmp_path / "big disk" / "results").glob("*-*"))) == len(STAGES)


@only_root
def test_read_only_artifacts_are_up_to_date(project: Path, tmp_path: Path) -> None:
    before = digests(project)
    artifacts = project / "artifacts"
    with disk(tmp_path / "disk", "size=100m"):
        shutil.copytree(artifacts, tmp_path / "disk" / "artifacts", symlinks=True)
        shutil.rmtree(artifacts)
        artifacts.symlink_to(tmp_path / "disk" / "artifacts")
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path / "disk")], check=True)
        assert make(project, "-q", "all", *SAMPLE).returncode == 0
        for name in STAGES:
            options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
            assert "up to date" in stage(project, name, *options).stdout
        assert "up to date" in make(project, "status", *SAMPLE).stdout
        for options in (["--epochs", "1"], ["--force"]):
            result = stage(project, "train", "--recipe", "quick", *options)
            assert result.returncode == 1
            assert "Read-only file system" in result.stderr.splitlines()[-1]
            assert "Traceback" not in result.stderr
        assert digests(project) == before
