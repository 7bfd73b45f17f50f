"""Interrupted runs of `evaluate` resume to the same bytes."""

import itertools
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import Run, environment, reset_signals
from tests.stages.common import assert_stopped, snapshot, wait_for_more

IMAGES = 500


def start(project: Path, scheduler: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stages.cli.main", "evaluate", "--scheduler", scheduler, "--block-size", "1"]
    options = {"cwd": project, "env": environment(), "text": True, "preexec_fn": reset_signals}
    return subprocess.Popen(command, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload, no-any-return]


def journal(project: Path) -> list[tuple[int, int]]:
    lines = [
        line
        for file in (project / "artifacts/.store").glob("evaluate-*.partial/checkpoint/journal")
        for line in file.read_text().splitlines()[1:]
    ]
    return [(int(start), int(stop)) for start, stop, _ in map(str.split, lines)]


def results(project: Path) -> dict[str, bytes]:
    found = snapshot(project / "artifacts")
    return {name: found[name] for name in found if name.startswith("evaluate/") and name != "evaluate/manifest.json"}


def delete_result(project: Path) -> None:
    shutil.rmtree((project / "artifacts/evaluate").resolve())


def test_killed_run_resumes_without_repeats_to_same_bytes(run: Run, project: Path) -> None:
    before = results(project)
    delete_result(project)
    generator = random.Random(3)
    for scheduler in ("threads", "processes", "sync", "threads"):
        done = len(journal(project))
        process = start(project, scheduler)
        wait_for_more(lambda: journal(project), than=done + generator.randint(0, 40))
        time.sleep(generator.uniform(0, 0.01))
        process.kill()
        stderr = process.communicate()[1]
        assert (f"evaluate: resuming after {done:,} of {IMAGES} images\n" in stderr) == (done > 0)
        after = sorted(journal(project))
        assert all(stop <= begin for (_, stop), (begin, _) in itertools.pairwise(after))  # nothing twice
    result = run("evaluate")
    assert result.returncode == 0, result.stderr
    assert "evaluate: resuming after " in result.stderr
    assert results(project) == before
    assert not list((project / "artifacts/.store").glob("*.partial"))


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_stopped_run_reports_how_to_resume(scheduler: str, run: Run, project: Path) -> None:
    delete_result(project)
    process = start(project, scheduler)
    wait_for_more(lambda: journal(project), than=3)
    process.send_signal(signal.SIGINT)
    assert_stopped(process, "evaluate")
    assert run("evaluate").returncode == 0
