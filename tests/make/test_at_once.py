"""Changes while a stage runs, and concurrent runs."""

from pathlib import Path

import pytest

from tests.make.common import SAMPLE, copy, digests, list_stages, make, start, worked

pytestmark = pytest.mark.slow


def test_parallel_make_builds_the_same(fresh: Path, made: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    assert set(worked(make(project, "-j2", "all", *SAMPLE))) == set(list_stages())
    assert digests(project) == digests(made)


def test_two_concurrent_makes_from_scratch_succeed(fresh: Path, made: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    with start(project, "make", "all", *SAMPLE) as first, start(project, "make", "all", *SAMPLE) as second:
        outputs = [process.communicate() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert digests(project) == digests(made)
    assert sum(stdout.count("validation accuracy") for stdout, _ in outputs) == 1
