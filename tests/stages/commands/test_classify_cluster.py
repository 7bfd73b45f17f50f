"""`classify` on a real Dask cluster: the same output as in one process, also if a worker is killed on the way."""

from pathlib import Path

import pytest

from tests.cluster import hidden, make_folder, run_cluster
from tests.processes import Run
from tests.stages.commands.test_classify import CLEAR, paint
from tests.stages.common import start

pytestmark = pytest.mark.slow

COUNT = 96
KILLED_AFTER = 2  # blocks


def write_pictures(folder: Path, count: int) -> None:
    """Write pictures, and a file that is none."""
    for index in range(count):
        paint(folder / f"{index:03}.png", CLEAR[index % 3])
    (folder / f"{count // 2:03} broken.png").write_bytes(b"no picture")


def read_copies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_killed_worker_changes_nothing(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", COUNT)
    line = ["classify", "--json", "scans"]
    expected = run(*line, "--annotate", "serial", "--scheduler", "threads", "--workers", "1", timeout=500)
    assert expected.returncode == 1
    assert expected.stdout.count("\n") >= COUNT
    with run_cluster(make_folder(tmp_path), workers=2) as cluster:
        with start(tmp_path, *line, "--annotate", "parallel", "--scheduler", cluster.address) as process:
            assert process.stdout
            assert process.stderr
            head = [process.stdout.readline() for _ in range(16 * KILLED_AFTER)]
            cluster.workers[0].kill()
            rest, stderr = process.stdout.read(), process.stderr.read()  # `communicate` loses what readline buffered
        assert process.returncode == 1, stderr
    assert "".join(head) + rest == expected.stdout
    assert set(expected.stderr.splitlines()) <= set(stderr.splitlines())
    assert read_copies(tmp_path / "parallel") == read_copies(tmp_path / "serial")


def test_workers_need_no_shared_folder(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", 20)
    line = ["classify", "--json", "scans", "none.png", "--annotate"]
    expected = run(*line, "serial")
    assert "2 of 22 pictures" in expected.stderr
    with run_cluster(make_folder(tmp_path), workers=0) as cluster:
        cluster.start_worker(prefix=hidden(tmp_path))
        assert run(*line, "parallel", "--scheduler", cluster.address).stdout == expected.stdout
    assert read_copies(tmp_path / "parallel") == read_copies(tmp_path / "serial")
