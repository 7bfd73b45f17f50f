"""Interrupted runs of `classify --output` resume after the last complete block, and give the same file."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Run
from tests.stages.commands.test_classify import CLEAR, paint
from tests.stages.common import read_entries, start, wait_for_more

pytestmark = pytest.mark.slow

COUNT = 120
LINE = ["classify", "--annotate", "checked", "--output", "digits.csv", "scans"]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    for index in range(COUNT):
        paint(folder / f"{index:03}.png", CLEAR[index % 3])
    (folder / "001 broken.png").write_bytes(b"no picture")
    return folder


def entries(tmp_path: Path) -> list[list[Any]]:
    return read_entries(tmp_path / ".digits.csv.partial")


def test_killed_run_resumes_to_the_same_bytes(run: Run, tmp_path: Path, scans: Path) -> None:
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
        assert ("resuming after" in stderr) == (done > 0)
        done = len(entries(tmp_path))
        assert (tmp_path / "digits.csv").read_bytes() == b"from before"
    result = run(*LINE)
    assert result.returncode == 1
    assert "classify: resuming after " in result.stderr
    assert "scans/001 broken.png is not a picture" in result.stderr  # in the first run
    assert "1 of 121 pictures could not be read" in result.stderr
    assert (tmp_path / "digits.csv").read_text() == expected
    assert not (tmp_path / ".digits.csv.partial").exists()
    copies, serial = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("checked", "expected")
    )
    assert copies == serial
