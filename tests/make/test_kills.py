"""Processes that are killed, and processes that run at once."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.engine.artifacts import damages, read_manifest
from tests.make.common import SAMPLE, clean_environment, copy, digests, make, outcome, worked
from tests.processes import take_signals

KILLS = 50


def start(project: Path, *arguments: str) -> subprocess.Popen[str]:
    """A make in a process group of its own."""
    return subprocess.Popen(
        ["make", *arguments],
        cwd=project,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=take_signals,
    )


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


def test_killed_at_any_moment_the_next_make_finishes_with_the_same_bits(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    started = time.monotonic()
    make(project, "train", *SAMPLE)
    duration = time.monotonic() - started
    undisturbed = digests(project)
    assert "train/model.json" in undisturbed
    generator, reached = random.Random(1), set()
    for _ in range(KILLS):
        assert make(project, "clean").returncode == 0
        process = start(project, "train", *SAMPLE)
        time.sleep(generator.uniform(0, duration))
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
        process = start(project, "train", *arguments)
        time.sleep(generator.uniform(0, 0.8))
        kill(process)
        assert_nothing_is_half(project / "artifacts")
    make(project, "all", *SAMPLE)
    assert digests(project) == undisturbed


def test_of_two_makes_at_once_one_waits_and_finds_the_work_done(project: Path) -> None:
    arguments = ["train", *SAMPLE, "EPOCHS=100"]
    with start(project, *arguments) as first:
        assert first.stderr is not None
        for line in first.stderr:
            if "epoch 2 " in line:
                break
        with start(project, *arguments) as second:
            assert second.stdout is not None and second.stderr is not None
            said, told = second.stdout.read(), second.stderr.read()
        first.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert "train: waiting for process " in told
    assert "which runs this stage already" in told
    assert "epoch" not in told
    assert "up to date: nothing that counts has changed -> artifacts/train" in said
    assert make(project, "-q", *arguments).returncode == 0


def test_of_two_makes_from_nothing_both_finish(fresh: Path, made: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    with start(project, "all", *SAMPLE) as first, start(project, "all", *SAMPLE) as second:
        outputs = [process.communicate() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert digests(project) == digests(made)
    assert sum(said.count("validation accuracy") for said, _ in outputs) == 1


def test_a_killed_make_leaves_no_lock_behind(project: Path) -> None:
    process = start(project, "train", *SAMPLE, "EPOCHS=1000")
    assert process.stderr is not None
    for line in process.stderr:
        if "epoch 2 " in line:
            break
    kill(process)
    result = make(project, "train", *SAMPLE, "EPOCHS=2")
    assert worked(result) == ["train"]
    assert "waiting" not in result.stderr


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_make_that_is_asked_to_stop_leaves_the_model_as_it_was(kind: signal.Signals, project: Path) -> None:
    before = digests(project)
    process = start(project, "train", *SAMPLE, "EPOCHS=1000")
    assert process.stderr is not None
    for line in process.stderr:
        if "epoch 2 " in line:
            break
    os.killpg(process.pid, kind)
    told = process.communicate()[1]
    assert process.returncode != 0
    assert "handwriting train: interrupted. What was there before is as it was\n" in told
    assert "Traceback" not in told
    assert digests(project) == before
    assert outcome(make(project, "train", *SAMPLE)) in ({}, {"train": "up to date"})
