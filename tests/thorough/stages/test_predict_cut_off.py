"""A prediction that is cut off goes on, and repeats nothing."""

import itertools
import os
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine import fingerprint
from pipeline.evaluation import predictions
from stages.predict import predict
from tests.processes import Run
from tests.stages.common import assert_one_line, assert_stopped, wait_for_more
from tests.stages.predicting import LONG, MANY, RAW, cut_off, journal, start, visible


@pytest.mark.parametrize("schedulers", [["threads"], ["processes", "sync", "threads"]])
def test_killed_at_random_moments_it_repeats_nothing_and_ends_with_the_same_bytes(
    schedulers: list[str], run: Run, project: Path, many: np.ndarray
) -> None:
    said = np.load(project / "artifacts/evaluate/predictions.npy")
    (project / "predictions.npy").write_bytes(b"from before")
    generator = random.Random(len(schedulers))
    for scheduler in itertools.islice(itertools.cycle(schedulers), 5):
        before = journal(project)
        process = start(project, *LONG, "--scheduler", scheduler, "--block-size", str(generator.randint(20, 90)))
        goal = generator.randint(1, 30)
        wait_for_more(lambda: journal(project), than=len(before) + goal)
        time.sleep(generator.uniform(0, 0.01))
        process.kill()
        said_then = process.communicate()[1]
        done = sum(stop - start for start, stop in before)
        assert (f"predict: goes on after {done:,} of {MANY:,} images\n" in said_then) == (done > 0)
        after = sorted(journal(project))
        assert all(stop <= begin for (_, stop), (begin, _) in itertools.pairwise(after))  # nothing twice
        assert (project / "predictions.npy").read_bytes() == b"from before"
    result = run(*LONG, "--block-size", "5000")
    assert result.returncode == 0, result.stderr
    assert "goes on after" in result.stderr
    assert np.load(project / "predictions.npy").tobytes() == np.resize(said, MANY).tobytes()
    assert visible(project) == {"artifacts", "many.npy", "predictions.npy"}


@pytest.mark.parametrize("change", ["input", "content", "option", "model", "nothing"])
def test_what_was_asked_for_otherwise_is_begun_anew(change: str, run: Run, project: Path, many: np.ndarray) -> None:
    cut_off(project)
    line = LONG
    if change == "input":
        shutil.copy2(project / "many.npy", project / "others.npy")
        line = ["predict", "others.npy"]
    elif change == "content":  # of the same length, and the same time
        times = (project / "many.npy").stat()
        np.save(project / "many.npy", many[::-1])
        os.utime(project / "many.npy", ns=(times.st_atime_ns, times.st_mtime_ns))
    elif change == "option":
        line = [*LONG, "--probabilities", "p.npy"]
    elif change == "model":
        assert run("train", "--recipe", "quick", "--epochs", "1").returncode == 0
    result = run(*line, "--block-size", "5000")
    assert result.returncode == 0, result.stderr
    assert ("goes on after" in result.stderr) == (change == "nothing")
    if change != "model":
        said = np.resize(np.load(project / "artifacts/evaluate/predictions.npy"), MANY)
        expected = said[::-1] if change == "content" else said
        assert np.load(project / "predictions.npy").tobytes() == expected.tobytes()
    assert not (project / ".predictions.npy.partial").exists()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_a_run_that_is_stopped_says_what_becomes_of_it(
    scheduler: str, kind: signal.Signals, project: Path, many: np.ndarray
) -> None:
    process = start(project, *LONG, "--scheduler", scheduler)
    wait_for_more(lambda: journal(project), than=3)
    process.send_signal(kind)
    assert assert_stopped(process, "predict") == []
    assert visible(project) == {"artifacts", "many.npy", ".predictions.npy.partial"}


def test_ctrl_c_which_reaches_the_worker_processes_as_well_is_told_once(project: Path, many: np.ndarray) -> None:
    process = start(project, *LONG, "--scheduler", "processes", "--workers", "2", start_new_session=True)
    wait_for_more(lambda: journal(project), than=3)
    os.killpg(process.pid, signal.SIGINT)
    assert assert_stopped(process, "predict") == []


def test_two_at_once_do_not_write_the_same_output(run: Run, project: Path, many: np.ndarray) -> None:
    first = start(project)
    wait_for_more(lambda: journal(project), than=3)
    first.send_signal(signal.SIGSTOP)
    try:
        result = run("predict", RAW)
        other = run("predict", RAW, "--output", "other.npy")
    finally:
        first.send_signal(signal.SIGCONT)
    assert_one_line(result, 1, "another process is writing predictions.npy: wait for it, or choose another output")
    assert other.returncode == 0
    _, said = first.communicate()
    assert first.returncode == 0, said
    assert len(np.load(project / "predictions.npy")) == MANY


def test_an_output_that_cannot_be_replaced_in_the_end_costs_no_work(run: Run, project: Path, many: np.ndarray) -> None:
    process = start(project)
    wait_for_more(lambda: journal(project), than=3)
    (project / "predictions.npy").mkdir()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    kept, told = said.splitlines()
    assert kept == "predict: what it has done is kept: the same command goes on from there"
    assert told.startswith("handwriting predict: Is a directory")
    (project / "predictions.npy").rmdir()
    result = run(*LONG)
    assert result.stderr == f"predict: goes on after {MANY:,} of {MANY:,} images\n"
    assert len(np.load(project / "predictions.npy")) == MANY


@pytest.mark.parametrize("change", ["grows", "shrinks", "goes", "is replaced"])
def test_a_file_that_is_not_left_alone_is_told(change: str, project: Path, many: np.ndarray) -> None:
    np.save(project / "fresh", many[::-1])  # before the start, since it takes longer than the predictions
    process = start(project)
    wait_for_more(lambda: journal(project), than=3)
    file = project / "many.npy"
    if change == "grows":
        with open(file, "ab") as stream:
            stream.write(b"more")
    elif change == "shrinks":
        os.truncate(file, 1000)
    elif change == "goes":
        file.unlink()
    else:
        (project / "fresh.npy").replace(file)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in said
    *_, line = said.splitlines()
    words = {"goes": "No such file or directory", "shrinks": "many.npy"}.get(change, "many.npy is another file by now")
    assert words in line
    assert not (project / "predictions.npy").exists()


def test_other_code_is_another_purpose(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    purposes: list[object] = []

    def note(folder: Path, names: list[str], total: int, classes: int, purpose: object) -> predictions.PredictionFiles:
        purposes.append(purpose)
        return opened(folder, names, total, classes, purpose)

    opened = predictions.open_predictions
    monkeypatch.setattr(predictions, "open_predictions", note)
    for code in ("old", "old", "new"):
        monkeypatch.setattr(fingerprint, "fingerprint", lambda function, code=code: {"blocks.py": code})
        predict([Path(RAW)])
    assert purposes[0] == purposes[1] != purposes[2]
