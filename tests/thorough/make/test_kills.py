"""Stages that are killed, stopped, or fail."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.engine.artifacts import damages, read_manifest
from tests.make.common import SAMPLE, assert_quiet, copy, digests, edit, make, outcome, start, worked
from tests.processes import wait_for


def kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def assert_nothing_is_half(artifacts: Path) -> None:
    """Whatever has its final name is whole: the entries of the store, and what the links show."""
    for path in artifacts.glob("[!.]*"):
        assert path.is_symlink()
        assert path.readlink().parent == Path(".store")
        if path.exists():
            assert damages(path, read_manifest(path)) == []
    for entry in artifacts.glob(".store/*-*"):
        if entry.suffix not in (".partial", ".old"):
            assert damages(entry, read_manifest(entry)) == []


def test_killed_at_any_moment_the_next_make_finishes_with_the_same_bits(
    kills: int, fresh: Path, tmp_path: Path
) -> None:
    project = copy(fresh, tmp_path / "copy")
    started = time.monotonic()
    make(project, "train", *SAMPLE)
    duration = time.monotonic() - started
    undisturbed = digests(project)
    assert "train/model.json" in undisturbed
    generator, reached = random.Random(1), set()
    for number in range(kills):
        assert make(project, "distclean", "YES=1").returncode == 0
        process = start(project, "make", "train", *SAMPLE)
        time.sleep(duration * (number + generator.random()) / kills)
        kill(process)
        reached.add(len(list(project.glob("artifacts/[!.]*"))))
        assert_nothing_is_half(project / "artifacts")
        assert make(project, "train", *SAMPLE).returncode == 0
        assert digests(project) == undisturbed
        assert not list((project / "artifacts/.store").glob("*.partial"))
        assert make(project, "-q", "train", *SAMPLE).returncode == 0
    assert len(reached) >= 4  # kills in the first stage, in the last, and between


def test_killed_over_and_over_it_still_gets_there(project: Path) -> None:
    undisturbed = digests(project)
    generator = random.Random(2)
    for number in range(20):
        arguments = [*SAMPLE, f"VALIDATION={100 + number % 2}"]
        process = start(project, "make", "train", *arguments)
        time.sleep(generator.uniform(0, 0.8))
        kill(process)
        assert_nothing_is_half(project / "artifacts")
    make(project, "all", *SAMPLE)
    assert digests(project) == undisturbed


def test_a_killed_make_leaves_no_lock_behind(project: Path) -> None:
    process = start(project, "make", "train", *SAMPLE, "EPOCHS=1000")
    wait_for("epoch 2 ", process.stderr)
    kill(process)
    result = make(project, "train", *SAMPLE, "EPOCHS=2")
    assert worked(result) == ["train"]
    assert "waiting" not in result.stderr


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_make_that_is_asked_to_stop_leaves_the_model_as_it_was(kind: signal.Signals, project: Path) -> None:
    before = digests(project)
    process = start(project, "make", "train", *SAMPLE, "EPOCHS=1000")
    wait_for("epoch 2 ", process.stderr)
    os.killpg(process.pid, kind)
    told = process.communicate()[1]
    assert process.returncode != 0
    assert "handwriting train: interrupted. What was there before is as it was\n" in told
    assert "Traceback" not in told
    assert digests(project) == before
    assert outcome(make(project, "train", *SAMPLE)) in ({}, {"train": "up to date"})


def test_a_retrain_that_fails_leaves_the_model_and_stays_to_be_done(project: Path) -> None:
    before = digests(project)
    edit(project / "pipeline/training/fit.py", "recipe.epochs + 1):", "recipe.epochs + 1):\n        1 / 0")
    for _ in range(2):
        assert make(project, "-q", "all", *SAMPLE).returncode == 1
        result = make(project, "all", *SAMPLE)
        assert result.returncode != 0
        assert "Traceback" in result.stderr  # a bug of ours would show itself
        assert digests(project) == before
    edit(project / "pipeline/training/fit.py", "        1 / 0", "        pass")
    assert worked(make(project, "all", *SAMPLE)) == ["train", "report"]


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
