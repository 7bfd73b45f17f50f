"""Other, read-only and full disks, moved and copied folders, wrong clocks."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.injections import mount_unavailable, small_disk
from tests.make.common import SAMPLE, copy, digests, list_stages, make, outcome, stage, worked

pytestmark = pytest.mark.slow


@pytest.fixture
def disk() -> Iterator[Path]:
    if reason := mount_unavailable():
        pytest.skip(reason)
    with small_disk() as disk:
        yield disk


def test_store_on_another_file_system(fresh: Path, made: Path, disk: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    (project / "artifacts").mkdir()
    (project / "artifacts/.store").symlink_to(disk)
    assert worked(make(project, "all", *SAMPLE)) == list(list_stages())
    assert digests(project) == digests(made)
    assert make(project, "-q", "all", *SAMPLE).returncode == 0
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=1")) == ["train"]
    assert outcome(make(project, "train", *SAMPLE)) == {"train": "restored"}
    assert "freed " in make(project, "prune", "KEEP=1").stdout
    assert len(list(disk.glob("*-*"))) == len(list_stages())


def test_read_only_artifacts_are_up_to_date(project: Path, disk: Path) -> None:
    before = digests(project)
    artifacts = project / "artifacts"
    shutil.copytree(artifacts, disk / "artifacts", symlinks=True)
    shutil.rmtree(artifacts)
    artifacts.symlink_to(disk / "artifacts")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert make(project, "-q", "all", *SAMPLE).returncode == 0
    for name in list_stages():
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert "up to date" in stage(project, name, *options).stdout
    assert "up to date" in make(project, "status", *SAMPLE).stdout
    for options in (["--epochs", "1"], ["--force"]):
        result = stage(project, "train", "--recipe", "quick", *options)
        assert result.returncode == 1
        assert "Read-only file system" in result.stderr.splitlines()[-1]
        assert "Traceback" not in result.stderr
    assert digests(project) == before
