"""Stages that are killed, interrupted, or fail."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from pipeline.engine.artifacts import find_damage, read_manifest
from tests.make.common import SAMPLE, copy, digests, make, start


def kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def assert_intact(artifacts: Path) -> None:
    for path in artifacts.glob("[!.]*"):
        assert path.is_symlink()
        assert path.readlink().parent == Path(".store")
        if path.exists():
            assert find_damage(path, read_manifest(path)) == []
    for entry in artifacts.glob(".store/*-*"):
        if entry.suffix not in (".partial", ".old"):
            assert find_damage(entry, read_manifest(entry)) == []


def test_make_killed_at_any_moment_resumes_to_same_bits(kills: int, fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    started = time.monotonic()
    make(project, "train", *SAMPLE)
    duration = time.monotonic() - started
    expected = digests(project)
    assert "train/model.json" in expected
    generator = random.Random(1)
    for kill_index in range(kills):
        assert make(project, "distclean", "YES=1").returncode == 0
        process = start(project, "make", "train", *SAMPLE)
        # In turn after none to three of the four stages, so that kills fall in every stage however busy the machine is.
        while len(list(project.glob("artifacts/[!.]*"))) < kill_index % 4:
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(generator.uniform(0, duration / 4))
        kill(process)
        assert_intact(project / "artifacts")
        assert make(project, "train", *SAMPLE).returncode == 0
        assert digests(project) == expected
        assert not list((project / "artifacts/.store").glob("*.partial"))
        assert make(project, "-q", "train", *SAMPLE).returncode == 0
