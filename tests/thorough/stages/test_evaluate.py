"""Interrupted runs of `evaluate` resume to the same bytes."""

import itertools
import random
import shutil
import time
from pathlib import Path

from tests.processes import Run
from tests.stages.common import partials, read_journal, snapshot, start, wait_for_more

IMAGES = 500


def journal(project: Path) -> list[tuple[int, int]]:
    return [block for folder in partials(project, "evaluate") for block in read_journal(folder / "checkpoint")]


def results(project: Path) -> dict[str, bytes]:
    found = snapshot(project / "artifacts")
    return {name: found[name] for name in found if name.startswith("evaluate/") and name != "evaluate/manifest.json"}


def test_killed_run_resumes_without_repeats_to_same_bytes(run: Run, project: Path) -> None:
    before = results(project)
    shutil.rmtree((project / "artifacts/evaluate").resolve())
    generator = random.Random(3)
    for scheduler in ("threads", "processes", "sync", "threads"):
        done = len(journal(project))
        process = start(project, "evaluate", "--scheduler", scheduler, "--block-size", "1")
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
    assert not partials(project, "evaluate")
