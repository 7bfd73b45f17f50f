"""`classify` of many pictures: an interrupted run resumes to the same file, and workers need no shared folder."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import hidden, make_folder, run_cluster
from tests.processes import Run
from tests.stages.commands.test_classify import CLEAR, paint
from tests.stages.common import read_entries, start, wait_for_more

pytestmark = pytest.mark.slow

LINE = ["classify", "--annotate", "checked", "--output", "digits.csv", "scans"]


def write_pictures(folder: Path, count: int) -> None:
    """Write pictures, and a file that is none."""
    for index in range(count):
        paint(folder / f"{index:03}.png", CLEAR[index % 3])
    (folder / "001 broken.png").write_bytes(b"no picture")


def read_copies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def entries(tmp_path: Path) -> list[list[Any]]:
    return read_entries(tmp_path / ".digits.csv.work")


def test_killed_run_resumes_to_the_same_bytes(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", 320)
    run("classify", "--output", "expected.csv", "--annotate", "expected", "scans", "--scheduler", "threads")
    expected = (tmp_path / "expected.csv").read_text()
    (tmp_path / "digits.csv").write_bytes(b"from before")
    generator, done = random.Random(1), 0
    for scheduler in ("threads", "processes", "threads"):
        process = start(tmp_path, *LINE, "--scheduler", scheduler)
        wait_for_more(lambda: entries(tmp_path), than=done + generator.randint(1, 2))
        time.sleep(generator.uniform(0, 0.05))
        process.kill()
        _, stderr = process.communicate()
        assert ("were read before" in stderr) == (done > 0)
        done = len(entries(tmp_path))
        assert (tmp_path / "digits.csv").read_bytes() == b"from before"
    result = run(*LINE)
    assert result.returncode == 1
    assert " of 321 pictures were read before" in result.stderr
    assert "scans/001 broken.png is not a picture" in result.stderr
    assert "1 of 321 pictures could not be read" in result.stderr
    assert (tmp_path / "digits.csv").read_text() == expected
    assert not (tmp_path / ".digits.csv.work").exists()
    assert read_copies(tmp_path / "checked") == read_copies(tmp_path / "expected")


def test_workers_need_no_shared_folder(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", 20)
    line = ["classify", "--json", "scans", "none.png", "--annotate"]
    expected = run(*line, "serial")
    assert "2 of 22 pictures" in expected.stderr
    with run_cluster(make_folder(tmp_path), workers=0) as cluster:
        cluster.start_worker(prefix=hidden(tmp_path))
        assert run(*line, "parallel", "--scheduler", cluster.address).stdout == expected.stdout
    assert read_copies(tmp_path / "parallel") == read_copies(tmp_path / "serial")
